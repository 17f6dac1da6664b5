# execute: becomes the program of a job, as its user.
#
#   execute UID PROGRAM NAME=VALUE... "" NAME ARG...
#
# PROGRAM is a path, from the folder that execute is in; NAME and what follows are its argv, and the variables all of its
# environment. Whoever calls has the user's groups already; a UID of 0 changes nothing, and one that is no number below
# 2^32 ends it. The program has standard input, output and error open, and none of the descriptors 3 to 9.
#
# Where the kernel does not execute it, a shell says why: descriptor 5 is the shell, and 4 its script, refused.sh, which gets
# PROGRAM and the number of the error. Where even that is not there, status 126. Descriptors are files, and no folders:
# nothing that the job has named leads through them.
#
# A shell's own exec gives a program the shell's name for it and the shell's variables, hands what has no format of the
# kernel's to itself, and busybox's tools for the rest are large: in a guest that has just been restored each takes longer
# to begin than most of what a job does. The file is the whole program, as the kernel runs it: no library, and an ELF
# header by hand.
#
# Regenerate execute_code.ts with scripts/assemble.sh after a change.
        .set    SYS_EXECVE, 59
        .set    SYS_EXIT, 60
        .set    SYS_FCNTL, 72
        .set    SYS_SETUID, 105
        .set    F_SETFD, 2
        .set    FD_CLOEXEC, 1
        .set    REFUSED, 126

        .include "elf.inc"

# rbx is argv.
begin:  leaq    8(%rsp), %rbx
        movq    8(%rbx), %rsi           # rdi becomes the number that it says
        xorl    %edi, %edi
1:      movzbl  (%rsi), %eax
        incq    %rsi
        subl    $48, %eax
        cmpl    $9, %eax
        ja      leave                   # an empty word, too
        imulq   $10, %rdi
        addq    %rax, %rdi
        movq    %rdi, %rax
        shrq    $32, %rax
        jnz     leave
        cmpb    $0, (%rsi)
        jne     1b
        testl   %edi, %edi
        jz      3f
        movl    $SYS_SETUID, %eax
        syscall
        testq   %rax, %rax
        jnz     leave

3:      movl    $FD_CLOEXEC, %edx
        call    mark
        leaq    24(%rbx), %rdx          # the environment; the empty word becomes its end
        movq    %rdx, %rsi
5:      movq    (%rsi), %rax
        addq    $8, %rsi
        cmpb    $0, (%rax)
        jne     5b
        movq    $0, -8(%rsi)
        movq    16(%rbx), %rdi
        movl    $SYS_EXECVE, %eax
        syscall

        negl    %eax                    # the number of the error, as text, from the end
        leaq    -16(%rsp), %rsi
        movb    $0, (%rsi)
        movl    $10, %ecx
6:      xorl    %edx, %edx
        divl    %ecx
        addl    $48, %edx
        decq    %rsi
        movb    %dl, (%rsi)
        testl   %eax, %eax
        jnz     6b

        subq    $64, %rsp               # it stays
        xorl    %edx, %edx
        call    mark
        pushq   %rdx
        pushq   %rsi
        pushq   16(%rbx)
        leaq    script(%rip), %rax
        pushq   %rax
        leaq    shell(%rip), %rax
        pushq   %rax
        movq    %rsp, %rsi
        leaq    32(%rsp), %rdx          # an environment with nothing in it
        leaq    busybox(%rip), %rdi
        movl    $SYS_EXECVE, %eax
        syscall

leave:  movl    $SYS_EXIT, %eax
        movl    $REFUSED, %edi
        syscall

# mark: the descriptors 3 to 9, whether they are open or not, get the flags in edx. rsi stays.
mark:   pushq   %rsi
        movl    $9, %edi
4:      movl    $SYS_FCNTL, %eax
        movl    $F_SETFD, %esi
        syscall
        decl    %edi
        cmpl    $2, %edi
        ja      4b
        popq    %rsi
        ret

busybox: .asciz "/proc/self/fd/5"
script: .asciz  "/proc/self/fd/4"
shell:  .asciz  "sh"
end:

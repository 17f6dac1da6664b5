# become: makes a guest that was copied another one than its copies: fresh randomness, and the time.
#
# Standard input is a disk, or a file, of which the first 1040 bytes count. What the kernel has kept of the disk is
# forgotten first: it may be of the guest that this one was copied from.
#
#   0     words, which are the agent's; a zero is none at all
#   512   512 bytes of seed
#   1024  seconds since 1970, then nanoseconds, 8 bytes each, little-endian: a struct timespec
#
# The seed goes into the kernel's pool. Alone it changes nothing until the kernel next draws its key from there, every
# minute or less often, so the kernel is told to do it now (RNDRESEEDCRNG). It refuses (ENODATA) while it waits for its
# first key, and become waits with it, as whoever asks for randomness does. Then the clock is set.
#
# Status 0, or of the step that failed: 1, the disk is cut off or can't be read; 2, the kernel's randomness can't be
# written or renewed; 3, the clock can't be set. 4, nothing is done: there are no words yet.
#
# No applet of busybox can do this. The file is the whole program, as the kernel runs it: no library, and an ELF header by
# hand.
#
# Regenerate become_code.ts with scripts/assemble.sh after a change.
        .set    SEED, 512
        .set    SEED_BYTES, 512
        .set    TIME, 1024
        .set    BLOCK_BYTES, 1040

        .set    SYS_READ, 0
        .set    SYS_WRITE, 1
        .set    SYS_OPEN, 2
        .set    SYS_IOCTL, 16
        .set    SYS_EXIT, 60
        .set    SYS_CLOCK_SETTIME, 227
        .set    SYS_GETRANDOM, 318
        .set    O_WRONLY, 1
        .set    RNDRESEEDCRNG, 0x5207
        .set    BLKFLSBUF, 0x1261
        .set    NOBODY, 4

        .include "elf.inc"

# rsp is the block, ebp the status of the step that is being done, ebx a count or a descriptor.
begin:  subq    $BLOCK_BYTES, %rsp
        movl    $1, %ebp
        xorl    %ebx, %ebx
        movl    $SYS_IOCTL, %eax        # refused where it is no disk
        xorl    %edi, %edi
        movl    $BLKFLSBUF, %esi
        xorl    %edx, %edx
        syscall
1:      xorl    %eax, %eax              # SYS_READ
        xorl    %edi, %edi
        leaq    (%rsp,%rbx), %rsi
        movl    $BLOCK_BYTES, %edx
        subl    %ebx, %edx
        syscall
        testq   %rax, %rax
        jle     leave
        addl    %eax, %ebx
        cmpl    $BLOCK_BYTES, %ebx
        jb      1b
        cmpb    $0, (%rsp)
        jne     somebody
        movl    $NOBODY, %ebp
        jmp     leave

somebody:
        incl    %ebp
        movl    $SYS_OPEN, %eax
        leaq    random(%rip), %rdi
        movl    $O_WRONLY, %esi
        syscall
        testl   %eax, %eax
        js      leave
        movl    %eax, %ebx
        leaq    SEED(%rsp), %rsi
        movl    $SEED_BYTES, %edx
2:      movl    $SYS_WRITE, %eax
        movl    %ebx, %edi
        syscall
        testq   %rax, %rax
        jle     leave
        addq    %rax, %rsi
        subl    %eax, %edx
        jnz     2b

        movl    $SYS_GETRANDOM, %eax    # one byte, over the words
        movq    %rsp, %rdi
        movl    $1, %esi
        xorl    %edx, %edx
        syscall
        testq   %rax, %rax
        jle     leave
        movl    $SYS_IOCTL, %eax
        movl    %ebx, %edi
        movl    $RNDRESEEDCRNG, %esi
        xorl    %edx, %edx
        syscall
        testq   %rax, %rax
        jnz     leave

        incl    %ebp
        movl    $SYS_CLOCK_SETTIME, %eax
        xorl    %edi, %edi              # CLOCK_REALTIME
        leaq    TIME(%rsp), %rsi
        syscall
        testq   %rax, %rax
        jnz     leave
        xorl    %ebp, %ebp

leave:  movl    $SYS_EXIT, %eax
        movl    %ebp, %edi
        syscall

random: .asciz  "/dev/urandom"
end:

# The probe guest: a firmware image so small that nothing but the accelerator can be at fault when it fails.
#
# It goes the way every kernel goes (real mode, protected mode, paging, long mode), so it proves that the accelerator
# runs a guest. It shows how fast: it prints `>` on the first serial port, then a `.` after each part of a loop of some
# million instructions, which touch memory; so the host can tell by its own clock, and of a guest that it cuts, too. It
# measures the frequency of its time stamp counter against the local APIC's timer, which QEMU and KVM both run at 1 GHz of
# the guest's clock (KVM: APIC_BUS_CYCLE_NS = 1; QEMU: hw/intc/apic.c counts QEMU_CLOCK nanoseconds). It prints that in
# kHz, a space, what the counter gained during the loop, 16 hexadecimal digits each, and a newline, and ends QEMU by the
# debug-exit device.
#
# Regenerate probe_code.ts with scripts/assemble.sh after a change.
        .set    BASE, 0xffff0000        # where the 64 KiB image ends up: just below 4 GiB
        .set    PML4, 0x1000
        .set    PDPT, 0x2000
        .set    PD, 0x3000
        .set    PD_LOW, 0x4000
        .set    CODE, 0x1000000         # 16 MiB: where the code goes on
        .set    RAM, 0x1200000          # what the guest writes and reads back: 18 MiB to 50 MiB
        .set    RAM_BYTES, 0x2000000
        .set    PARTS, 64               # probe.ts has both
        .set    PART_STEPS, 65536       # of 5 instructions
        .set    STRIDE, 4160            # another page and another cache line each time
        .set    TOUCHED_BYTES, 0x40000
        .set    SERIAL, 0x3f8
        .set    APIC, 0xfee00000
        .set    WINDOW_NANOS, 100000000 # 0.1 s: long enough for 10 ppm, short enough not to be felt

        .code16
        .globl  _start
_start: cli
        lgdtl   %cs:gdtr - _start
        movl    %cr0, %eax
        orb     $1, %al
        movl    %eax, %cr0
        ljmpl   $8, $(BASE + protected - _start)

        .code32
protected:
        movw    $16, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movl    $0x8000, %esp
        xorl    %eax, %eax              # clear the tables
        movl    $PML4, %edi
        movl    $(4 * 1024), %ecx
        cld
        rep stosl
        movl    $(PDPT + 3), PML4
        movl    $(PD_LOW + 3), PDPT     # the first GiB: memory
        movl    $(PD + 3), PDPT + 3 * 8 # the fourth GiB: this code and the APIC
        movl    $0xc0000083, %eax       # 2 MiB pages, present and writable
        movl    $PD, %edi
1:      movl    %eax, (%edi)
        addl    $0x200000, %eax
        addl    $8, %edi
        cmpl    $(PD + 4096), %edi
        jne     1b
        movl    $0x83, %eax
        movl    $PD_LOW, %edi
1:      movl    %eax, (%edi)
        addl    $0x200000, %eax
        addl    $8, %edi
        cmpl    $(PD_LOW + 4096), %edi
        jne     1b
        movl    $PML4, %eax
        movl    %eax, %cr3
        movl    $0x20, %eax             # CR4.PAE
        movl    %eax, %cr4
        movl    $0xc0000080, %ecx       # EFER.LME
        rdmsr
        orl     $0x100, %eax
        wrmsr
        movl    %cr0, %eax
        orl     $0x80000000, %eax       # CR0.PG
        movl    %eax, %cr0
        ljmpl   $24, $(BASE + long - _start)

        .code64
long:   leaq    _start(%rip), %rsi      # go on in memory, as a kernel would
        movl    $CODE, %edi
        movl    $(gdtr - _start), %ecx
        rep movsb
        movl    $(CODE + moved - _start), %eax
        jmp     *%rax

moved:  movw    $SERIAL, %dx
        movb    $'>', %al
        outb    %al, %dx
        rdtsc
        shlq    $32, %rdx
        orq     %rdx, %rax
        movq    %rax, %r14
        movl    $PARTS, %r13d
        xorl    %edi, %edi
1:      movl    $PART_STEPS, %ecx
2:      addl    $STRIDE, %edi
        andl    $(TOUCHED_BYTES - 1), %edi
        addq    %rcx, RAM(%rdi)
        decl    %ecx
        jnz     2b
        movw    $SERIAL, %dx
        movb    $'.', %al
        outb    %al, %dx
        decl    %r13d
        jnz     1b
        rdtsc
        shlq    $32, %rdx
        orq     %rdx, %rax
        subq    %r14, %rax
        movq    %rax, %r14              # what the loop took

        movl    $RAM, %edi              # fill memory with one word, and look for any other
        movl    $(RAM_BYTES / 8), %ecx
        movq    $0x6265727468, %rax
        rep stosq
        movl    $RAM, %edi
        movl    $(RAM_BYTES / 8), %ecx
        repe scasq
        jne     7f

        movl    $APIC, %ebx
        movl    $0x1ff, 0xf0(%rbx)      # software enable
        movl    $0x10000, 0x320(%rbx)   # timer: masked, one shot
        movl    $0xb, 0x3e0(%rbx)       # divide by 1
        movl    $0xffffffff, 0x380(%rbx)
        leaq    2f(%rip), %rsi
        jmp     sample
2:      movq    %r8, %r10               # first moment: counter, timer
        movl    %r9d, %r11d
3:      movl    %r11d, %eax
        subl    0x390(%rbx), %eax
        cmpl    $WINDOW_NANOS, %eax
        jb      3b
        leaq    4f(%rip), %rsi
        jmp     sample
4:      movq    %r8, %rax               # kHz = ticks * 1,000,000 / nanoseconds
        subq    %r10, %rax
        movl    $1000000, %ecx
        mulq    %rcx
        movl    %r11d, %ecx             # the timer counts down
        subl    %r9d, %ecx
        divq    %rcx
        movq    %rax, %r8
        leaq    5f(%rip), %rsi
        jmp     digits
5:      movb    $' ', %al
        outb    %al, %dx
        movq    %r14, %r8
        leaq    6f(%rip), %rsi
        jmp     digits
6:      movb    $10, %al
        outb    %al, %dx
        movw    $0x501, %dx
        movb    $0x10, %al
        outb    %al, %dx                # QEMU ends with status (0x10 << 1) | 1 = 33
7:      hlt
        jmp     7b

# digits: prints r8. Returns to rsi.
digits: movl    $16, %ecx
        movw    $SERIAL, %dx
8:      rolq    $4, %r8
        movb    %r8b, %al
        andb    $15, %al
        addb    $'0', %al
        cmpb    $'9', %al
        jbe     9f
        addb    $('a' - '0' - 10), %al
9:      outb    %al, %dx
        loop    8b
        jmp     *%rsi

# sample: the counter (r8) and the timer (r9d) at one moment: of 64 readings the one that took the shortest, so that a
# preempted reading does not count. Returns to rsi.
sample: movq    $-1, %rdi
        movl    $64, %ecx
8:      rdtsc
        shlq    $32, %rdx
        orq     %rdx, %rax
        movq    %rax, %rbp
        movl    0x390(%rbx), %r12d
        rdtsc
        shlq    $32, %rdx
        orq     %rdx, %rax
        subq    %rbp, %rax
        cmpq    %rdi, %rax
        jae     9f
        movq    %rax, %rdi
        shrq    $1, %rax
        addq    %rbp, %rax
        movq    %rax, %r8
        movl    %r12d, %r9d
9:      decl    %ecx
        jnz     8b
        jmp     *%rsi

        .align  8
gdt:    .quad   0
        .quad   0x00cf9b000000ffff      # 8: 32-bit code
        .quad   0x00cf93000000ffff      # 16: data
        .quad   0x00af9b000000ffff      # 24: 64-bit code
gdtr:   .word   gdtr - gdt - 1
        .long   BASE + gdt - _start

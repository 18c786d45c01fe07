/* Entering an enclave: int f(rdi, rsi, rdx, u32 leaf, r8, r9, struct sgx_enclave_run *run), for the
 * leaves EENTER and ERESUME of the instruction ENCLU. Where there are no enclaves that instruction
 * is an invalid opcode; Linux makes no signal of this but lets the function put the exception into
 * *run, and either return 0 or call run's handler, whose positive answer is the next leaf. So ENCLU
 * itself is left out here: it would have nothing else to say.
 */
#define EENTER 2
#define ERESUME 3
#define INVALID_OPCODE 6
#define EINVAL 22

/* struct sgx_enclave_run */
#define RUN_LEAF 8
#define RUN_EXCEPTION 12	/* u16 vector, u16 error code */
#define RUN_EXCEPTION_ADDRESS 16
#define RUN_HANDLER 24
#define RUN_RESERVED 40		/* zeros, to the end */
#define RUN_SIZE 256

	.section .text.sgx_enter_enclave, "ax", %progbits
	.balign 16
	.globl __vdso_sgx_enter_enclave
	.type __vdso_sgx_enter_enclave, %function
__vdso_sgx_enter_enclave:
	.cfi_startproc
	push %rbp
	.cfi_def_cfa_offset 16
	.cfi_offset %rbp, -16
	mov %rsp, %rbp
	.cfi_def_cfa_register %rbp
	push %rbx
	.cfi_offset %rbx, -24
	mov %ecx, %eax
next_leaf:
	lea -EENTER(%rax), %ecx
	cmp $ERESUME - EENTER, %ecx
	ja refused
	mov 16(%rbp), %rbx
	mov $RUN_RESERVED, %ecx
1:	cmpq $0, (%rbx, %rcx)
	jne refused
	add $8, %ecx
	cmp $RUN_SIZE, %ecx
	jb 1b

	mov %eax, RUN_LEAF(%rbx)
	movl $INVALID_OPCODE, RUN_EXCEPTION(%rbx)
	movq $0, RUN_EXCEPTION_ADDRESS(%rbx)
	xor %eax, %eax
	cmp %rax, RUN_HANDLER(%rbx)
	je done

	/* int handler(rdi, rsi, rdx, rsp, r8, r9, run); the first three are the exception's. */
	mov $INVALID_OPCODE, %edi
	xor %esi, %esi
	xor %edx, %edx
	mov %rsp, %rcx
	and $-16, %rsp
	push %rbx
	push %rbx
	cld
	call *RUN_HANDLER(%rbx)
	lea -8(%rbp), %rsp
	test %eax, %eax
	jg next_leaf
done:
	.cfi_remember_state
	pop %rbx
	.cfi_restore %rbx
	pop %rbp
	.cfi_restore %rbp
	.cfi_def_cfa %rsp, 8
	ret
	.cfi_restore_state
refused:
	mov $-EINVAL, %eax
	jmp done
	.cfi_endproc
	.size __vdso_sgx_enter_enclave, . - __vdso_sgx_enter_enclave

	.section .note.GNU-stack, "", %progbits

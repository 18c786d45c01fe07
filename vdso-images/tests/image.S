/* The image under test, right behind the time page. */
	.section .image, "ax", %progbits
	.balign 4096
	.incbin IMAGE_FILE

	.section .note.GNU-stack, "", %progbits

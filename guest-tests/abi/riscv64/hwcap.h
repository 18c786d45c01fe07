/* What riscv64 and riscv32 promise: a bit per letter of the instruction set, A = bit 0. */
#define ASM(text, ...) __asm__ volatile(text : __VA_ARGS__)
#define LETTER(letter) #letter, AT_HWCAP, #letter[0] - 'A'

static int integers(void)
{
    word r, negative = (word)-8;
    ASM("srai %0, %1, 2\n slti %0, %0, 0", "=r"(r) : "r"(negative));
    return r == 1;
}
static int multiplication(void)   /* division by zero gives all ones, and no trap */
{
    word high, quotient, nothing;
    ASM("mulhu %0, %3, %3\n div %1, %4, %5\n divu %2, %5, zero", "=&r"(high), "=&r"(quotient), "=&r"(nothing)
        : "r"((word)-1), "r"((word)-100), "r"((word)7));
    return high == (word)-2 && quotient == (word)-14 && nothing == (word)-1;
}
static int atomics(void)
{
    word memory = 40, old, loaded, status;
    ASM("amoadd.w %0, %4, (%3)\n 1: lr.w %1, (%3)\n addi t0, %1, 1\n sc.w %2, t0, (%3)\n bnez %2, 1b",
        "=&r"(old), "=&r"(loaded), "=&r"(status) : "r"(&memory), "r"((word)2) : "t0", "memory");
    return old == 40 && loaded == 42 && memory == 43;
}
static int singles(void)
{
    float r;
    ASM("fmadd.s %0, %1, %2, %1", "=f"(r) : "f"(2.0f), "f"(3.0f));
    return r == 8;
}
static int doubles(void)
{
    double r;
    word class;
    ASM("fmadd.d %0, %2, %3, %2\n fclass.d %1, %0", "=&f"(r), "=r"(class) : "f"(2.0), "f"(3.0));
    return r == 8 && class == 1 << 6;
}
static int compressed(void)
{
    word r, distance;
    ASM(".option push\n .option rvc\n li %0, 3\n auipc %1, 0\n c.slli %0, 4\n c.addi %0, 1\n auipc t0, 0\n sub %1, t0, %1\n"
        " .option pop", "=&r"(r), "=&r"(distance) : : "t0");
    return r == 49 && distance == 8;
}

FEATURES {
    {LETTER(I), integers}, {LETTER(M), multiplication}, {LETTER(A), atomics},
    {LETTER(F), singles}, {LETTER(D), doubles}, {LETTER(C), compressed},
};

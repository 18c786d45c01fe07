// Texts as the kernel's show_cpuinfo functions print them (arch/{x86/kernel/cpu,arm64/kernel,mips/kernel,
// powerpc/kernel,riscv/kernel,s390/kernel,sh/kernel/cpu,parisc/kernel} of Linux 6). Frequencies and, where no guest
// instruction tells them, models and steppings are nominal. In a text, {processor}, {count}, {features}, {extensions},
// {bits}, {machine} and {timebase} stand for what they name.
#include "abi/processor_text.hpp"

#include "base/result.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace postern {
namespace {

/// A bit of AT_HWCAP (word 0) or AT_HWCAP2 (word 1) under the name that the text has for it.
struct FeatureName {
    u8 word, bit;
    std::string_view name;
};

struct ProcessorText {
    std::string_view first;     ///< before all processors
    std::string_view each;
    std::string_view between = {};
    std::string_view last = {};
    std::span<const FeatureName> features = {};
};

/// CPUID of the engine's model (core/cpu/unicorn/x86.cc), in the order of the kernel's capability words.
constexpr ProcessorText x86{
    .first = "",
    .each = "processor\t: {processor}\n"
            "vendor_id\t: GenuineIntel\n"
            "cpu family\t: 6\n"
            "model\t\t: 126\n"
            "model name\t: Intel Core Processor (Icelake)\n"
            "stepping\t: 0\n"
            "cpu MHz\t\t: 1000.000\n"
            "physical id\t: 0\n"
            "siblings\t: {count}\n"
            "core id\t\t: {processor}\n"
            "cpu cores\t: {count}\n"
            "apicid\t\t: {processor}\n"
            "initial apicid\t: {processor}\n"
            "fpu\t\t: yes\n"
            "fpu_exception\t: yes\n"
            "cpuid level\t: 13\n"
            "wp\t\t: yes\n"
            "flags\t\t: fpu de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 "
            "syscall nx rdtscp lm rep_good nopl cpuid pni pclmulqdq ssse3 cx16 sse4_1 sse4_2 movbe popcnt aes xsave rdrand "
            "hypervisor lahf_lm abm fsgsbase bmi1 smep bmi2 erms adx smap xsaveopt xgetbv1 arat pku\n"
            "bugs\t\t:\n"
            "bogomips\t: 2000.00\n"
            "clflush size\t: 64\n"
            "cache_alignment\t: 64\n"
            "address sizes\t: 40 bits physical, 48 bits virtual\n"
            "power management:\n\n"};

constexpr FeatureName aarch64_features[] = {
    {0, 0, "fp"}, {0, 1, "asimd"}, {0, 2, "evtstrm"}, {0, 3, "aes"}, {0, 4, "pmull"}, {0, 5, "sha1"}, {0, 6, "sha2"},
    {0, 7, "crc32"}, {0, 8, "atomics"}, {0, 9, "fphp"}, {0, 10, "asimdhp"}, {0, 11, "cpuid"}, {0, 12, "asimdrdm"},
    {0, 13, "jscvt"}, {0, 14, "fcma"}, {0, 15, "lrcpc"}, {0, 16, "dcpop"}, {0, 17, "sha3"}, {0, 18, "sm3"}, {0, 19, "sm4"},
    {0, 20, "asimddp"}, {0, 21, "sha512"}, {0, 22, "sve"}, {0, 23, "asimdfhm"}, {0, 24, "dit"}, {0, 25, "uscat"},
    {0, 26, "ilrcpc"}, {0, 27, "flagm"}, {0, 28, "ssbs"}, {0, 29, "sb"}, {0, 30, "paca"}, {0, 31, "pacg"},
    {1, 0, "dcpodp"}, {1, 1, "sve2"}, {1, 2, "sveaes"}, {1, 3, "svepmull"}, {1, 4, "svebitperm"}, {1, 5, "svesha3"},
    {1, 6, "svesm4"}, {1, 7, "flagm2"}, {1, 8, "frint"}, {1, 9, "svei8mm"}, {1, 10, "svef32mm"}, {1, 11, "svef64mm"},
    {1, 12, "svebf16"}, {1, 13, "i8mm"}, {1, 14, "bf16"}, {1, 15, "dgh"}, {1, 16, "rng"}, {1, 17, "bti"}, {1, 18, "mte"},
};
constexpr ProcessorText aarch64{
    .first = "",
    .each = "processor\t: {processor}\n"
            "BogoMIPS\t: 2000.00\n"
            "Features\t:{features}\n"
            "CPU implementer\t: 0x00\n"
            "CPU architecture: 8\n"
            "CPU variant\t: 0x0\n"
            "CPU part\t: 0x051\n"
            "CPU revision\t: 0\n\n",
    .features = aarch64_features};

/// Of 32-bit programs on a 64-bit kernel, as AT_PLATFORM has it.
constexpr FeatureName arm_features[] = {
    {0, 0, "swp"}, {0, 1, "half"}, {0, 2, "thumb"}, {0, 3, "26bit"}, {0, 4, "fastmult"}, {0, 5, "fpa"}, {0, 6, "vfp"},
    {0, 7, "edsp"}, {0, 8, "java"}, {0, 9, "iwmmxt"}, {0, 10, "crunch"}, {0, 11, "thumbee"}, {0, 12, "neon"},
    {0, 13, "vfpv3"}, {0, 14, "vfpv3d16"}, {0, 15, "tls"}, {0, 16, "vfpv4"}, {0, 17, "idiva"}, {0, 18, "idivt"},
    {0, 19, "vfpd32"}, {0, 20, "lpae"}, {0, 21, "evtstrm"}, {0, 22, "fphp"}, {0, 23, "asimdhp"}, {0, 24, "asimddp"},
    {0, 25, "asimdfhm"}, {0, 26, "asimdbf16"}, {0, 27, "i8mm"},
    {1, 0, "aes"}, {1, 1, "pmull"}, {1, 2, "sha1"}, {1, 3, "sha2"}, {1, 4, "crc32"}, {1, 5, "sb"}, {1, 6, "ssbs"},
};
constexpr ProcessorText arm{
    .first = "",
    .each = "processor\t: {processor}\n"
            "model name\t: ARMv8 Processor rev 0 (v8l)\n"
            "BogoMIPS\t: 2000.00\n"
            "Features\t:{features}\n"
            "CPU implementer\t: 0x00\n"
            "CPU architecture: 8\n"
            "CPU variant\t: 0x0\n"
            "CPU part\t: 0x051\n"
            "CPU revision\t: 0\n\n",
    .features = arm_features};

#define POSTERN_MIPS_PROCESSOR(isa)                                                             \
    "processor\t\t: {processor}\n"                                                              \
    "cpu model\t\t: MIPS 24Kc V0.0  FPU V0.0\n"                                                 \
    "BogoMIPS\t\t: 2000.00\n"                                                                   \
    "wait instruction\t: yes\n"                                                                 \
    "microsecond timers\t: yes\n"                                                               \
    "tlb_entries\t\t: 16\n"                                                                     \
    "extra interrupt vector\t: yes\n"                                                           \
    "hardware watchpoint\t: no\n"                                                               \
    "isa\t\t\t:" isa "\n"                                                                       \
    "ASEs implemented\t:\n"                                                                     \
    "shadow register sets\t: 1\n"                                                               \
    "kscratch registers\t: 0\n"                                                                 \
    "package\t\t\t: 0\n"                                                                        \
    "core\t\t\t: {processor}\n"                                                                 \
    "VCED exceptions\t\t: not available\n"                                                      \
    "VCEI exceptions\t\t: not available\n\n"
constexpr std::string_view mips_system = "system type\t\t: Postern\n";
constexpr ProcessorText mips32{.first = mips_system, .each = POSTERN_MIPS_PROCESSOR(" mips1 mips2 mips32r1 mips32r2")};
constexpr ProcessorText mips64{
    .first = mips_system,
    .each = POSTERN_MIPS_PROCESSOR(" mips1 mips2 mips3 mips4 mips5 mips32r1 mips32r2 mips64r1 mips64r2")};

constexpr ProcessorText ppc32{
    .first = "",
    .each = "processor\t: {processor}\n"
            "cpu\t\t: 7450, altivec supported\n"
            "clock\t\t: 1000.000000MHz\n"
            "revision\t: 2.1 (pvr 8000 0201)\n"
            "bogomips\t: 66.66\n\n",
    .last = "timebase\t: {timebase}\nplatform\t: Postern\n"};
constexpr ProcessorText ppc64{
    .first = "",
    .each = "processor\t: {processor}\n"
            "cpu\t\t: POWER9 (architected), altivec supported\n"
            "clock\t\t: 1000.000000MHz\n"
            "revision\t: 2.2 (pvr 004e 1202)\n\n",
    .last = "timebase\t: {timebase}\nplatform\t: Postern\n"};

/// Single letters, in the specification's order.
constexpr FeatureName riscv_extensions[] = {
    {0, 'i' - 'a', "i"}, {0, 'm' - 'a', "m"}, {0, 'a' - 'a', "a"}, {0, 'f' - 'a', "f"}, {0, 'd' - 'a', "d"},
    {0, 'q' - 'a', "q"}, {0, 'c' - 'a', "c"}, {0, 'b' - 'a', "b"}, {0, 'v' - 'a', "v"}, {0, 'h' - 'a', "h"},
};
#define POSTERN_RISCV_PROCESSOR(mmu)  \
    "processor\t: {processor}\n"      \
    "hart\t\t: {processor}\n"         \
    "isa\t\t: rv{bits}{extensions}\n" \
    "mmu\t\t: " mmu "\n"              \
    "mvendorid\t: 0x0\n"              \
    "marchid\t\t: 0x0\n"              \
    "mimpid\t\t: 0x0\n\n"
constexpr ProcessorText riscv32{.first = "", .each = POSTERN_RISCV_PROCESSOR("sv32"), .features = riscv_extensions};
constexpr ProcessorText riscv64{.first = "", .each = POSTERN_RISCV_PROCESSOR("sv48"), .features = riscv_extensions};

constexpr FeatureName s390_features[] = {
    {0, 0, "esan3"}, {0, 1, "zarch"}, {0, 2, "stfle"}, {0, 3, "msa"}, {0, 4, "ldisp"}, {0, 5, "eimm"}, {0, 6, "dfp"},
    {0, 7, "edat"}, {0, 8, "etf3eh"}, {0, 9, "highgprs"}, {0, 10, "te"}, {0, 11, "vx"}, {0, 12, "vxd"}, {0, 13, "vxe"},
};
constexpr ProcessorText s390{
    .first = "vendor_id       : IBM/S390\n"
             "# processors    : {count}\n"
             "bogomips per cpu: 2000.00\n"
             "max thread id   : 0\n"
             "features\t:{features} \n",
    .each = "processor {processor}: version = 00,  identification = 000000,  machine = 2097\n",
    .features = s390_features};

constexpr ProcessorText sh{
    .first = "machine\t\t: Postern\n",
    .each = "processor\t: {processor}\n"
            "cpu family\t: {machine}\n"
            "cpu type\t: SH7751R\n"
            "cut\t\t: unknown\n"
            "cpu flags\t: fpu\n"
            "cache type\t: split (harvard)\n"
            "icache size\t: 16KiB (2-way)\n"
            "dcache size\t: 32KiB (2-way)\n"
            "address sizes\t: 29 bits physical\n"
            "bogomips\t: 2000.00\n",
    .between = "\n"};

constexpr ProcessorText parisc{
    .first = "",
    .each = "processor\t: {processor}\n"
            "cpu family\t: PA-RISC 1.1e\n"
            "cpu\t\t: PA7300LC (PCX-L2)\n"
            "cpu MHz\t\t: 1000.000000\n"
            "capabilities\t: os32 nva_supported (0x02)\n"
            "model\t\t: Postern\n"
            "model name\t: Postern\n"
            "hversion\t: 0x00000000\n"
            "sversion\t: 0x00000000\n"
            "bogomips\t: 2000.00\n"
            "software id\t: 0\n\n"};

const ProcessorText& text_of(Machine machine) {
    switch (machine) {
        case Machine::x86_64:
        case Machine::i386: return x86;
        case Machine::aarch64: return aarch64;
        case Machine::arm: return arm;
        case Machine::mips32: return mips32;
        case Machine::mips64: return mips64;
        case Machine::ppc32: return ppc32;
        case Machine::ppc64: return ppc64;
        case Machine::riscv32: return riscv32;
        case Machine::riscv64: return riscv64;
        case Machine::s390x: return s390;
        case Machine::sh4: return sh;
        case Machine::parisc: return parisc;
    }
    POSTERN_ASSERT(false);
}

std::string feature_list(const Abi& abi, std::span<const FeatureName> names, std::string_view separator) {
    std::string text;
    const std::array<u64, 2> words{abi.start.hwcap, abi.start.hwcap2.value_or(0)};
    for (const FeatureName& feature : names)
        if (words[feature.word] >> feature.bit & 1) text.append(separator).append(feature.name);
    return text;
}

std::string fill_in(std::string_view pattern, std::span<const std::pair<std::string_view, std::string>> values) {
    std::string text;
    for (std::size_t open; (open = pattern.find('{')) != pattern.npos;) {
        text += pattern.substr(0, open);
        std::size_t close = pattern.find('}', open);
        auto found = std::ranges::find(values, pattern.substr(open + 1, close - open - 1), &std::pair<std::string_view, std::string>::first);
        POSTERN_ASSERT(found != values.end());
        text += found->second;
        pattern.remove_prefix(close + 1);
    }
    return text.append(pattern);
}

}  // namespace

std::string processor_text(const Abi& abi, std::span<const unsigned> processors) {
    const ProcessorText& parts = text_of(abi.machine);
    std::array<std::pair<std::string_view, std::string>, 7> values = {{
        {"processor", ""},
        {"count", as_text(processors.size())},
        {"features", feature_list(abi, parts.features, " ")},
        {"extensions", feature_list(abi, parts.features, "")},
        {"bits", as_text(abi.word_size * 8)},
        {"machine", std::string(abi.start.uname_machine)},
        {"timebase", as_text(abi.vdso.timebase_frequency)},
    }};
    std::string text = fill_in(parts.first, values);
    for (std::size_t i = 0; i < processors.size(); ++i) {
        if (i > 0) text += parts.between;
        values[0].second = as_text(processors[i]);
        text += fill_in(parts.each, values);
    }
    return text + fill_in(parts.last, values);
}

}  // namespace postern

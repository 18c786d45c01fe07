// Every instruction word of SH-4 as the decoder prints it, for compare_sh: sh_words PR SZ, bits of FPSCR.
#include "cpu/sh/isa.hpp"

#include <cstdio>
#include <string_view>

int main(int count, char** arguments) {
    using namespace postern;
    if (count != 3) return 2;
    sh::Mode mode{.double_precision = arguments[1] == std::string_view("1"), .pairs = arguments[2] == std::string_view("1")};
    for (u32 word = 0; word < 0x10000; ++word) std::printf("%04x %s\n", word, sh::print(static_cast<u16>(word), 0, mode).c_str());
    return 0;
}

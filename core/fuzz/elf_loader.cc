// Fuzz target: any bytes as the program file. The loader must answer with an image or an error.
#include "kernel/loader.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

namespace {

using namespace postern;

/// An executable file in memory that is written anew for each input.
int program_file() {
    static int fd = ::memfd_create("program", MFD_CLOEXEC);
    if (fd < 0) std::abort();
    return fd;
}

void write_program(const u8* data, std::size_t size) {
    int fd = program_file();
    if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, data, size, 0) != static_cast<ssize_t>(size)) std::abort();
}

/// What holds for every image that loads.
void check_image(kernel::Image& image) {
    const kernel::ProgramInfo& program = image.program;
    bool sound = image.memory->find(program.stack_start) != nullptr && program.stack_start.is_aligned(16) &&
                 program.brk_start.is_aligned(image.memory->page_size()) &&
                 (image.abi->function_descriptors || program.entry.value < image.abi->layout.task_size) &&
                 image.memory->read_word(program.stack_start).has_value();
    if (!sound) std::abort();
    // Everything that was mapped can be looked at, or is refused.
    image.memory->for_each([&](const memory::Mapping& mapping) {
        std::byte byte;
        std::ignore = image.memory->peek(mapping.start, {&byte, 1});
        std::ignore = image.memory->peek(mapping.end - 1, {&byte, 1});
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    write_program(data, size);
    std::string path = "/proc/self/fd/" + std::to_string(program_file());
    // Whatever it names as its interpreter is the file itself: no other file is touched.
    auto image = kernel::load_image({.name = "program",
                                     .host_path = path,
                                     .arguments = {"program", "argument"},
                                     .environment = {"NAME=value"},
                                     .resolve = [&](std::string_view) { return path; },
                                     .random = {}});
    if (image) check_image(*image);
    else if (image.error().message.empty() || image.error().error_number == 0) std::abort();
    return 0;
}

// The last step of loading: an engine for the image. Apart from the others, which need none.
#include "kernel/loader.hpp"
#include "kernel/random.hpp"
#include "time_page.h"

#include <fmt/format.h>

namespace postern::kernel {

namespace {

void set_start_registers(Image& image) {
    const Abi& abi = *image.abi;
    GuestAddr tables = image.program.stack_start;
    for (const StartRegister& start : abi.start.registers) {
        u64 value = start.constant;
        switch (start.kind) {
            case StartRegister::Value::constant: break;
            case StartRegister::Value::argument_count: value = image.memory->read_word(tables).value_or(0); break;
            case StartRegister::Value::arguments: value = (tables + abi.word_size).value; break;
            case StartRegister::Value::entry: value = image.program.entry.value; break;
        }
        image.cpu->set(start.index, value);
    }
}

}  // namespace

Result<void> attach_engine(Image& image, SyscallHandler& handler, std::optional<ClockMode> clock_mode) {
    POSTERN_TRY_ASSIGN(cpu, create_cpu(*image.abi, *image.memory, handler));
    image.cpu = std::move(cpu);
    image.cpu->reset();
    image.cpu->set(image.abi->stack_pointer, image.program.stack_pointer.value);
    image.cpu->set_pc(image.program.entry.value);
    if (image.abi->entry_pointer) image.cpu->set(*image.abi->entry_pointer, image.program.entry.value);
    if (const auto& descriptors = image.abi->function_descriptors)
        image.cpu->set(descriptors->data, image.program.entry_data);
    set_start_registers(image);
    place_counter_points(image, clock_mode);
    return {};
}

void place_counter_points(Image& image, std::optional<ClockMode> clock_mode, bool image_gone) {
    if (clock_mode.value_or(image.abi->vdso.default_clock_mode) != ClockMode::trap || !image.vdso_image) return;
    auto page = image.memory->special_span(image.vdso.time_page, image.memory->page_size());
    std::vector<GuestAddr> points;
    for (const auto& place : image.vdso_image->private_symbols())
        if (place.name.starts_with("counter_point.")) points.push_back(image.vdso.image + place.value);
    if (image_gone || page.empty()) points.clear();
    auto word = points.empty() ? page.first(0) : page.subspan(POSTERN_AT_COUNTER, sizeof(u64));
    // Only a short cut: where the engine cannot, the traps behind the points serve.
    image.cpu->set_counter_points(points, word);
}

Result<Image> load_program(const StartOptions& options, SyscallHandler& handler) {
    auto resolve = [&](std::string_view path) { return host_path_below(options.sysroot, path); };
    RandomSource random = options.seed ? RandomSource(*options.seed) : RandomSource();
    POSTERN_TRY_ASSIGN(image, load_image({.name = options.program, .host_path = options.program,
                                          .arguments = options.arguments, .environment = options.environment,
                                          .resolve = resolve, .random = random.take<16>(), .vdso = options.vdso}));
    POSTERN_TRY(map_served_pages(image, options.served_pages));
    POSTERN_TRY(attach_engine(image, handler, options.clock_mode));
    return std::move(image);
}

}  // namespace postern::kernel

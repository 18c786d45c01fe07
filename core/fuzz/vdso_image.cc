// Fuzz target: any bytes as the file of `postern run --vdso`, and of what `postern image` prints. There must
// be an answer or an error, and nothing that is said of an accepted image leads out of it.
#include "kernel/loader.hpp"
#include "tools/image_code.hpp"
#include "tools/image_facts.hpp"
#include "vdso/entry_points.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <span>
#include <tuple>
#include <vector>

namespace {

using namespace postern;

void require(bool condition) {
    if (!condition) std::abort();
}

/// The ABI that the file says it is made for, or any.
const Abi& abi_of(std::span<const std::byte> bytes) {
    auto header = kernel::elf::parse_header(bytes, "vdso");
    const Abi* made_for =
        header ? identify_abi(header->machine, header->elf_class, header->byte_order, header->flags) : nullptr;
    return made_for ? *made_for : *all_abis().front();
}

void check_symbols(const std::vector<vdso::Symbol>& symbols, u64 size) {
    for (const vdso::Symbol& symbol : symbols) require(symbol.value < size && symbol.size <= size - symbol.value);
}

/// In a guest's memory, as the loader puts it there.
void install(const Abi& abi, const vdso::Image& image) {
    auto memory = memory::AddressSpace::create(abi);
    require(memory.has_value());
    auto placed = vdso::install(abi, **memory, {}, &image);
    if (!placed) return require(!placed.error().message.empty());
    std::byte last;
    require((*memory)->peek(placed->image + (placed->image_size - 1), {&last, 1}));
    require((*memory)->peek(placed->image + (image.bytes().size() - 1), {&last, 1}) && last == image.bytes().back());
    std::ignore = vdso::system_call_entry(image, placed->image);
    for (bool thumb : {false, true})
        std::ignore = vdso::signal_return(abi, abi.signals->rt, *placed, &image, thumb);
}

void print_facts(const Abi& abi, const vdso::Image& image) {
    auto facts = tools::image_facts(abi, image);
    if (!facts) return require(!facts.error().message.empty());   // of the file header more is demanded here
    require(!tools::as_text(*facts).empty() && !tools::as_json(*facts).empty());
    auto listing = tools::disassemble_image(abi, image);
    require(listing ? !listing->empty() : !listing.error().message.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    auto bytes = std::make_shared<std::vector<std::byte>>(size);
    std::ranges::copy(std::as_bytes(std::span(data, size)), bytes->begin());
    const Abi& abi = abi_of(*bytes);
    auto chosen = kernel::choose_vdso(abi, {.kind = kernel::VdsoChoice::Kind::file, .name = "vdso", .bytes = bytes});
    if (!chosen) {
        require(chosen.error().message.starts_with("vDSO vdso: ") && !chosen.error().message.contains('\n'));
    } else {
        const vdso::Image& image = **chosen;
        check_symbols(image.symbols(), size);
        check_symbols(image.private_symbols(), size);
        install(abi, image);
    }
    // What is refused for a guest may still be looked at.
    if (auto image = vdso::Image::parse(*bytes)) print_facts(abi, *image);
    return 0;
}

// The guest's threads take turns on one engine.
#include "cpu/unicorn/engine.hpp"

#include <vector>

namespace postern::unicorn {

/// Unicorn copies the processor's whole state, that out of the interface's reach included.
struct UnicornCpu::Context final : CpuContext {
    Context() = default;
    ~Context() override { uc_context_free(state); }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    uc_context* state = nullptr;
    ThreadWords words{};
};

std::unique_ptr<CpuContext> UnicornCpu::make_context() const {
    auto context = std::make_unique<Context>();
    uc_err error = uc_context_alloc(engine_, &context->state);
    POSTERN_ASSERT(error == UC_ERR_OK);
    return context;
}

/// What waits for the next entry is part of what is saved.
void UnicornCpu::save(CpuContext& context) {
    POSTERN_ASSERT(!in_hook_);
    prepare_entry();
    auto& target = static_cast<Context&>(context);
    uc_context_save(engine_, target.state);
    target.words = thread_words();
}

void UnicornCpu::restore(const CpuContext& context) {
    POSTERN_ASSERT(!in_hook_);
    prepare_entry();   // nothing of the thread before is left for the next entry
    auto& source = static_cast<const Context&>(context);
    uc_context_restore(engine_, source.state);
    set_thread_words(source.words);
}

void UnicornCpu::run_aside(u64 offset, std::span<const u8> code, std::initializer_list<int> clobbered,
                           const std::function<void()>& prepare) {
    prepare_entry();
    u64 address = start_address();
    std::vector<u64> values;
    for (int id : clobbered) values.push_back(raw_get(id));
    if (prepare) prepare();
    run_private_code(offset, code);
    std::size_t next = 0;
    for (int id : clobbered) raw_set(id, values[next++]);
    raw_set(ids_[abi_.program_counter], address);
}

}  // namespace postern::unicorn

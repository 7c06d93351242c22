#include "engine/kinds/strategies.h"

namespace engine {

#define STRATEGY(name) void register_strategy_##name(StrategySet& set);
#include "engine/kinds/strategies.inc"
#undef STRATEGY

void register_builtin_strategies(StrategySet& set) {
#define STRATEGY(name) register_strategy_##name(set);
#include "engine/kinds/strategies.inc"
#undef STRATEGY
}

}  // namespace engine

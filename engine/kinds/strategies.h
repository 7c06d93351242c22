// Strategies of the built-in kinds: one file each, one line each in strategies.inc. Thread: any.
// Owns: nothing.
#pragma once

#include "engine/kinds/strategy.h"

namespace engine {

void register_builtin_strategies(StrategySet& set);

}  // namespace engine

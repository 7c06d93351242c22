#include "appliance/cli/command.h"

namespace appliance {

#define COMMAND(name) void register_##name(CommandSet& set);
#include "appliance/cli/all.inc"
#undef COMMAND

void register_commands(CommandSet& set) {
#define COMMAND(name) register_##name(set);
#include "appliance/cli/all.inc"
#undef COMMAND
}

}  // namespace appliance

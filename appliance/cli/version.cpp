#include <cstdio>

#include "appliance/assets/build_info.h"
#include "appliance/cli/command.h"

namespace appliance {

void register_version(CommandSet& set) {
  set.add({.name = "version",
           .summary = "Print the version, and the Kubernetes API that it serves",
           .description = "",
           .options = {},
           .run = [](const Arguments&) {
             std::printf("paddock %s\ncommit %s\nKubernetes API %s\n", kBuildVersion, kBuildCommit,
                         kKubernetesVersion);
             return 0;
           }});
}

}  // namespace appliance

// What this program is: its version, the commit it was built from, and the version of the
// Kubernetes API that it speaks. Thread: constants. Owns: nothing.
#pragma once

namespace appliance {

extern const char* const kBuildVersion;       // 0.1.0
extern const char* const kBuildCommit;        // short hash, "+" after it when the tree was changed
extern const char* const kKubernetesVersion;  // v1.36.3

}  // namespace appliance

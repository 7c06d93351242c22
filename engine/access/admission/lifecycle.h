// Lifecycle: what may come into being and what may go. Nothing is created in a namespace that is
// not there or is ending, nor of a custom kind whose definition is ending; the namespaces that the
// system stands on stay. Answers from the watch cache, and asks the store where that does not know
// yet. Thread: any. Owns: nothing. Source: k8s.io/apiserver
// pkg/admission/plugin/namespace/lifecycle.
#pragma once

#include <memory>

#include "engine/watch/watch_cache.h"

namespace engine {

// The store is read through `kinds`, because the registry that the rule becomes part of is not
// there yet when it is made.
std::unique_ptr<Admission> make_lifecycle_admission(storage::Store& store, Dispatcher& dispatcher,
                                                    KindSet& kinds);

}  // namespace engine

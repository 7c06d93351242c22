// Limits: every bound of the engine by name. Over one of them a request is refused with a Status that names it; nothing is cut short
// without a word. A room's private bounds stand here too, so that the whole can be seen at once.
// Thread: constants. Owns: nothing.
#pragma once

#include <cstddef>

namespace engine::limits {

// Requests
constexpr size_t kBodyBytesMax = 3u << 20;             // as kube-apiserver: 413 above
constexpr size_t kHeaderBytesMax = 64u << 10;          // all headers of a request: 431 above
constexpr size_t kTargetBytesMax = 16u << 10;          // path and query: 414 above
constexpr size_t kJsonDepthMax = 500;                  // nesting of any document that is read
constexpr size_t kYamlNodesMax = 2'000'000;            // after aliases are expanded
constexpr size_t kPatchOperationsMax = 10'000;         // of a JSON patch

// Objects
constexpr size_t kObjectBytesMax = 2u << 20;           // stored form
constexpr size_t kConfigDataBytesMax = 1u << 20;       // data of a config map or secret, as upstream
constexpr size_t kAnnotationBytesMax = 256u << 10;     // keys and values together, as upstream

// Lists and watches
constexpr size_t kListPageMax = 10'000;                // items that one page may hold when limit is given
constexpr size_t kStreamQueueBytesMax = 4u << 20;      // over it a watch is closed; the client resumes

// Schemas
constexpr size_t kPatternBytesMax = 4096;              // text of one pattern of a schema
constexpr size_t kPatternNodesMax = 20'000;            // of its automaton, repetitions expanded
constexpr size_t kValidationCausesMax = 100;           // causes in one answer; the last says that there are more
constexpr size_t kSchemaDepthMax = 200;                // nesting of a custom resource's schema
constexpr size_t kCrdSchemaBytesMax = 1u << 20;        // one version's schema

}  // namespace engine::limits

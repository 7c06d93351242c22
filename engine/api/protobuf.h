// Protobuf: bodies in Kubernetes' own protobuf form (application/vnd.kubernetes.protobuf), read
// into Json by the wire numbers of the facts. Go clients send built-in kinds so; answers are JSON,
// which they also accept. Thread: any. Owns: an index of the facts, made at the first use. Errors:
// 400 that says at which byte what was wrong. Source: k8s.io/apimachinery
// runtime/serializer/protobuf, generated.proto of each group.
#pragma once

#include <string_view>

#include "engine/base/json.h"

namespace engine {

inline constexpr std::string_view kProtobufMediaType = "application/vnd.kubernetes.protobuf";

// Whether objects of this apiVersion and kind can be read.
bool protobuf_knows(std::string_view api_version, std::string_view kind);
// The whole envelope: magic, runtime.Unknown, object. apiVersion and kind are those that the
// envelope names.
Result<Json> decode_protobuf(std::string_view body);

}  // namespace engine

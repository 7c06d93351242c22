// Object bytes: the one place that knows how an object lies in the store. It is plain JSON that
// begins
//   {"kind":K,"apiVersion":V,"metadata":{"resourceVersion":"","...
// so the empty resourceVersion, which only the commit can know, has a place that is found without
// parsing, and so has the apiVersion, for resources that are served in several versions. To serve
// is to copy and splice. Thread: any. Owns: nothing.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/base/json.h"
#include "storage/kv/store.h"

namespace engine {

// The stored form. kind and apiVersion are those given; the object's own and its resourceVersion
// are not looked at.
std::string encode_object(std::string_view kind, std::string_view api_version, const Json& object);

// The stored form as a client sees it at that revision, under that apiVersion. Revision 0 (dry run
// of a create) leaves resourceVersion out.
std::string serve_object(std::string_view stored, std::string_view api_version,
                         storage::Revision revision);

// Stored bytes as a Json with its resourceVersion set; an error names a record that is not an
// object.
Result<Json> decode_object(std::string_view stored, std::string_view api_version,
                           storage::Revision revision);

}  // namespace engine

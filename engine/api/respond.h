// From objects to answers: in the shape and form that the client asked for. Plain JSON is copied,
// never encoded again. Thread: any. Owns: nothing.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "engine/api/call.h"
#include "engine/base/time.h"

namespace engine {

// One object: {kind: PartialObjectMetadata, ...} around its metadata.
std::string partial_metadata(std::string_view object, std::string_view meta_version);

Result<Response> respond_object(ApiCall& call, const Output& output, int status,
                                const Bytes& object);
Result<Response> respond_json(ApiCall& call, const Output& output, int status, const Json& value);

struct ListAnswer {
  std::span<const Bytes> objects;
  Revision revision = 0;
  std::string continue_token;
  uint64_t remaining = 0;  // 0: not said
};
enum class TableHeaders : uint8_t { with, without };
// The objects as a Table of the kind's columns.
Result<std::string> table_text(const Kind& kind, const Output& output, const ListAnswer& list,
                               TableHeaders headers, WallTime now);

Result<Response> respond_list(ApiCall& call, const Output& output, const ListAnswer& list);

}  // namespace engine

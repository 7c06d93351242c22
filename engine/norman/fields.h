// What goes in and out of a management API object by its schema: coercion and validation of bodies
// (create, update), and the shape of answers (nulls, defaults, times in milliseconds, nested
// types). Thread: any. Owns: nothing. Errors: 422 MissingRequired, NotNullable, InvalidOption,
// InvalidFormat, Min/MaxLimitExceeded, Min/MaxLengthExceeded, InvalidCharacters, each with its
// field.
#pragma once

#include "engine/norman/schema_view.h"

namespace engine {

enum class BodyUse : uint8_t { create, update, action };

// The writable fields of a body, each in its type. Unknown and read-only ones are left out without
// a word; on create defaults are filled and
// (inputs of actions need not be complete: each action checks what it needs) required fields must
// be there.
Result<Json> read_body(const SchemaSet& schemas, const SchemaView& schema, const Json& body,
                       BodyUse use);

// A whole object as clients see it: only the schema's fields; references without a value are null,
// defaults written, each date also in milliseconds. Secrets (type password, and write-only fields
// unless `with_write_only`) are left out. id and type stay; links and actions are the caller's.
enum class WriteOnly : uint8_t { hide, show };
Json shape_object(const SchemaSet& schemas, const SchemaView& schema, const Json& object,
                  WriteOnly write_only);

// A deep merge as PUT does it: null clears, structs merge, lists and maps are replaced whole.
void merge_update(const SchemaSet& schemas, const SchemaView& schema, Json& object,
                  const Json& changes);

}  // namespace engine

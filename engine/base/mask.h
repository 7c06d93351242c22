// Secrets, told by where they stand and by what they look like: what is asked before something is
// shown to somebody who is not its owner, in the audit and in errors. It rather masks too much.
// Thread: any. Owns: nothing.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/json.h"

namespace engine {

constexpr std::string_view kMasked = "***";
// In the place of a value that an error would quote.
constexpr std::string_view kMaskedValue = "<masked>";

// A member whose texts are all secret, by its name; and by its place in a resource.
bool is_secret_key(std::string_view resource, std::string_view key);
bool is_secret_place(std::string_view resource, std::string_view key);
// The same of a member of the object itself, where all but a few are.
bool is_secret_member(std::string_view resource, std::string_view key);
// A text that is one wherever it stands: a private key, a password's hash, a token.
bool looks_secret(std::string_view text);
void mask_all(Json& value);
// Masks in place; `resource` tells what is a secret.
void mask_secrets(std::string_view resource, Json& object);
// A path without what stands for a credential in it.
std::string masked_path(std::string_view path);

// A refused value as an error may quote it: `field` is its path, spec.users[0].password. Names of
// secrets, numbers and yes or no are none; objects are quoted with their secrets masked.
Json quotable(std::string_view field, const Json& value);
// An object or a list of objects: what has no members has no names to tell its secrets by.
bool has_names(const Json& body);
// A patch or a body as an error may quote it: itself, unless there is a secret in it.
std::string quotable_body(std::string_view resource, std::string_view body);

}  // namespace engine

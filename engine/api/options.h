// The options that requests carry in their queries (and deletes in their bodies), read and checked
// as upstream does: a value that cannot be read is 400, one that makes no sense is 422. Thread:
// values. Owns: their strings. Source: k8s.io/apimachinery meta/v1 types and validation.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/api/negotiate.h"
#include "engine/registry/registry.h"

namespace engine {

struct ListOptions {
  enum class Match : uint8_t { unset, exact, not_older_than };
  std::string labels, fields;
  std::string resource_version;
  Match match = Match::unset;
  size_t limit = 0;
  std::string continue_token;
  bool watch = false;
  bool bookmarks = false;
  std::optional<bool> send_initial_events;
  std::optional<int64_t> timeout_seconds;

  // `watch`: whatever the query says of itself (the path may ask for a watch).
  static Result<ListOptions> parse(const Query& query, std::optional<bool> watch);
  // 0 for "" and "0".
  Result<Revision> revision() const;
};

// Options of create, update and patch. The field manager is the one named, or else the program
// that its User-Agent names.
enum class WriteVerb : uint8_t { create, update, patch, apply };
Result<WriteOptions> parse_write_options(const Request& request, WriteVerb verb);

struct DeleteOptions {
  RemoveOptions remove;
  bool answers_accepted = false;  // orphanDependents=false: 202 when it is not gone at once
};
// From the body if there is one, else from the query.
Result<DeleteOptions> parse_delete_options(const Request& request);

// A place in a list that was not finished: opaque to clients.
struct ContinueToken {
  int64_t revision = 0;   // below 0: go on at the newest
  std::string after_key;  // relative to the resource's (or its namespace's) keys

  std::string encode() const;
  static Result<ContinueToken> decode(std::string_view text);
};

}  // namespace engine

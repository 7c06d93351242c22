// Audit: who did what, from where, and what came of it. AuditEntry is what the thread of a request
// knows and hands over; record_of() makes the record that is kept, elsewhere and later: the changes
// as a difference, secrets masked. Levels are those that users of this API know: 0 nothing, 1 the
// metadata and what changed, 2 also the request's body, 3 also the answer's. Thread: values;
// AuditTrail any. Owns: their bytes.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/http.h"
#include "engine/registry/registry.h"

namespace engine {

enum class AuditLevel : uint8_t { off = 0, metadata = 1, request = 2, response = 3 };

// One object that a request wrote.
struct AuditChange {
  std::string group, resource, ns, name;
  Bytes before, after;  // null: it was not there
};

// Collects what the registry writes in the name of one request.
class AuditTrail final : public WriteTrail {
 public:
  void wrote(const WroteObject& object) override;
  std::vector<AuditChange> take();
  // How many more there were than are kept.
  size_t more() const;

 private:
  mutable std::mutex mutex_;
  std::vector<AuditChange> changes_;
  size_t more_ = 0;
};

// A body as it went past, and what it is by its own word.
struct AuditBody {
  std::string bytes, type;
  bool whole = false;  // false: none, or more than is read along
};

// What was seen of a write that another API server did: there is no trail of it.
struct AuditSeen {
  AuditBody sent, answered;
  AuditBody before;      // the object as the caller could get it when the write set out
  bool dry_run = false;  // nothing was to be written
};

// Makes JSON of a body, by its type. Null: JSON and YAML alone are read.
using AuditReader = Result<Json> (*)(const AuditBody& body);

struct AuditEntry {
  storage::WallTime at{};
  std::string id;           // of the request
  std::string user;         // who asked
  std::string as;           // who it was done as, when that is somebody else
  std::string token;        // the name of the token that let them in
  std::string peer, agent;  // from where, with what
  std::string method, path;
  std::string verb;                                             // create, update, login, ...
  std::string cluster, group, resource, subresource, ns, name;  // of what
  int code = 0;
  std::string why;  // the answer's words, when it is a refusal
  int64_t took_ms = 0;
  std::shared_ptr<AuditTrail> trail;  // null: nothing was to be written
  std::unique_ptr<AuditSeen> seen;    // of a proxied write
  AuditBody request, answer;          // as the level says; a proxied write's are in `seen`
  AuditLevel level = AuditLevel::metadata;
};

// Where entries go: nothing of a request waits for it.
class AuditSink {
 public:
  virtual ~AuditSink() = default;
  virtual AuditLevel level() = 0;
  virtual void record(AuditEntry entry) = 0;
};

// "ok", "refused" (401, 403), "failed" (the rest of 400 and above).
std::string_view audit_result(int code);

// The record, without its place in the log. It parses and compares: not on a request's thread.
Json record_of(AuditEntry& entry, AuditReader reader = nullptr);

// What differs, as [{path, from, to}], with secrets masked; `resource` tells what is one.
Json audit_difference(std::string_view resource, const Json& before, const Json& after);

}  // namespace engine

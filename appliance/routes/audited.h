// Audited: one request on its way past the audit: what it is when it comes, what was answered when
// that is there. Writes, logins and refusals are recorded; reads that are let in are not. It costs
// a request some short copies; everything else is done by the log, later. Thread: one at a time.
// Owns: the entry until it is recorded.
#pragma once

#include <memory>
#include <string>

#include "engine/access/audit.h"
#include "engine/api/request_info.h"
#include "engine/base/http.h"

namespace appliance {

class Audited {
 public:
  // `sink` may be null: then nothing is recorded.
  Audited(storage::Env& env, engine::AuditSink* sink, const engine::Request& request);

  bool on() const { return sink_ != nullptr; }
  bool write = false;
  engine::AuditEntry entry;

  // Who it turned out to be; for a write, what they write is told to the trail from now on.
  void who(engine::User& user);
  // Of the management API: type, id and action.
  void management(const engine::Request& request);
  // Of a Kubernetes API, the embedded one or a cluster's.
  void kubernetes(const engine::RequestInfo& info, std::string_view cluster);
  // The request's body, where the level wants it. Before anybody takes it.
  void body_of(const engine::Request& request);
  // The answer is there: recorded, if it is to be. Once.
  void end(int code, const engine::Response* answer = nullptr);
  // The same of a write that went to a cluster, with what was seen of it.
  void end_seen(int code, std::unique_ptr<engine::AuditSeen> seen);

 private:
  void login_of(const engine::Request& request);
  bool is_login() const { return entry.verb == "login"; }
  engine::AuditSink* sink_;
  storage::Env* env_;
  storage::Instant began_;
  engine::AuditLevel level_ = engine::AuditLevel::off;
};

// exec, attach, portforward, proxy: what goes through them is no object.
bool is_way_in(std::string_view subresource);

// The answer as it is, and `audited` told of it, whenever it comes.
engine::Answer watched(std::shared_ptr<Audited> audited, engine::Answer answer);

}  // namespace appliance

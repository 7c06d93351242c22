#include "appliance/routes/proxy_audit.h"

#include "engine/access/audit_limits.h"
#include "engine/api/negotiate.h"
#include "engine/api/protobuf.h"
#include "engine/base/numbers.h"
#include "engine/base/yaml.h"

namespace appliance {

using engine::AuditBody;
using engine::Json;
using engine::Result;

Result<Json> read_kubernetes_body(const AuditBody& body) {
  const std::string type = engine::media_type(body.type);
  if (type == engine::kProtobufMediaType) return engine::decode_protobuf(body.bytes);
  if (type.find("yaml") != std::string::npos) return engine::parse_yaml(body.bytes);
  return engine::parse_json(body.bytes);
}

ProxyAudit::ProxyAudit(std::shared_ptr<Audited> audited, const engine::Request& request,
                       const engine::RequestInfo& info, std::shared_ptr<std::atomic<size_t>> held)
    : audited_(std::move(audited)), held_(std::move(held)) {
  // What goes in and out of a container or a service is nobody's to read.
  reads_ = audited_->on() && audited_->write && info.is_resource && !is_way_in(info.subresource) &&
           !request.headers.has("Upgrade");
  if (!reads_) return;
  change_ = info.verb == "update" || info.verb == "patch";
  seen_ = std::make_unique<engine::AuditSeen>();
  seen_->dry_run = request.query.has("dryRun");
  seen_->sent.type = request.headers.get("Content-Type");
  seen_->sent.whole = true;
}

ProxyAudit::~ProxyAudit() {
  held_->fetch_sub(mine_, std::memory_order_relaxed);
}

void ProxyAudit::keep(AuditBody& body, std::string_view bytes) {
  namespace limits = engine::limits;
  if (!seen_ || !body.whole) return;
  const size_t held = held_->fetch_add(bytes.size(), std::memory_order_relaxed) + bytes.size();
  mine_ += bytes.size();
  if (body.bytes.size() + bytes.size() <= limits::kAuditReadAlongBytesMax &&
      held <= limits::kAuditReadAlongAllMax) {
    body.bytes.append(bytes);
    return;
  }
  const size_t back = body.bytes.size() + bytes.size();
  held_->fetch_sub(back, std::memory_order_relaxed);
  mine_ -= back;
  body.whole = false;
  std::string().swap(body.bytes);
}

void ProxyAudit::answered(int status, const engine::Headers& headers) {
  if (!reads_) return audited_->end(status);
  std::lock_guard lock(mutex_);
  if (!seen_ || status_ != 0) return;
  status_ = status;
  seen_->answered.type = headers.get("Content-Type");
  seen_->answered.whole = !headers.has("Content-Encoding");
  if (auto length = engine::parse_int(headers.get("Content-Length"))) answer_left_ = *length;
  if (answer_left_ == 0) finish();
}

void ProxyAudit::sent_part(std::string_view bytes) {
  std::lock_guard lock(mutex_);
  if (seen_) keep(seen_->sent, bytes);
}

// The record is made before the client has the whole answer: whoever has it finds the record.
void ProxyAudit::answer_part(std::string_view bytes) {
  std::lock_guard lock(mutex_);
  if (!seen_) return;
  keep(seen_->answered, bytes);
  if (answer_left_ < 0) return;
  answer_left_ = std::max<int64_t>(0, answer_left_ - static_cast<int64_t>(bytes.size()));
  if (answer_left_ == 0) finish();
}

void ProxyAudit::before(std::string_view type, std::string_view bytes) {
  std::lock_guard lock(mutex_);
  if (!seen_) return;
  seen_->before.type = type;
  seen_->before.whole = true;
  keep(seen_->before, bytes);
}

void ProxyAudit::ended() {
  if (!reads_) return;
  std::lock_guard lock(mutex_);
  if (seen_) finish();
}

void ProxyAudit::finish() {
  audited_->end_seen(status_, std::move(seen_));
}

}  // namespace appliance

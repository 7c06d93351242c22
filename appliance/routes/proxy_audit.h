// ProxyAudit: the audit of one request that goes through to a cluster. Of a write it reads both
// bodies along as they go past, up to a limit, and for a change the object as the caller could get
// it when the write set out; what they mean is worked out by the log, later. Thread: any. Owns:
// those bytes until the record is made.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "appliance/routes/audited.h"
#include "appliance/routes/onlooker.h"

namespace appliance {

// Makes JSON of what a Kubernetes API sends and takes.
engine::Result<engine::Json> read_kubernetes_body(const engine::AuditBody& body);

class ProxyAudit final : public Onlooker {
 public:
  // `held`: the bytes that are read along now, of all requests.
  ProxyAudit(std::shared_ptr<Audited> audited, const engine::Request& request,
             const engine::RequestInfo& info, std::shared_ptr<std::atomic<size_t>> held);
  ~ProxyAudit() override;

  void answered(int status, const engine::Headers& headers) override;
  bool reads() const override { return reads_; }
  bool wants_before() const override { return reads_ && change_; }
  void sent_part(std::string_view bytes) override;
  void answer_part(std::string_view bytes) override;
  void before(std::string_view type, std::string_view bytes) override;
  void ended() override;

 private:
  void keep(engine::AuditBody& body, std::string_view bytes);
  void finish();  // with the lock held

  const std::shared_ptr<Audited> audited_;
  const std::shared_ptr<std::atomic<size_t>> held_;
  bool reads_ = false, change_ = false;
  std::mutex mutex_;
  std::unique_ptr<engine::AuditSeen> seen_;  // null once it is recorded
  int status_ = 0;
  int64_t answer_left_ = -1;  // of the answer's body, where its head says it
  size_t mine_ = 0;           // of `held`
};

}  // namespace appliance

#include <string>

#include "appliance/routes/proxy_exchange.h"
#include "engine/access/audit_limits.h"

namespace appliance {

using engine::Response;
using engine::Status;

namespace {

constexpr storage::Millis kBeforeTimeout{5'000};

class BeforeSide final : public ResponseHandler {
 public:
  BeforeSide(StreamHub& hub, std::shared_ptr<ClusterWay> way, std::shared_ptr<Onlooker> onlooker)
      : hub_(hub), way_(std::move(way)), onlooker_(std::move(onlooker)) {}
  ~BeforeSide() override {
    way_->leave();
    // The last holder of a way lets it go outside the call of its own client.
    if (way_.use_count() == 1) hub_.post([way = std::move(way_)] {});
  }

  void on_begin(const std::shared_ptr<Exchange>& exchange) override { exchange_ = exchange; }
  void on_head(Response head) override {
    type_ = head.headers.get("Content-Type");
    good_ = head.status == 200;
    if (!good_) give_up();
  }
  void on_body(std::string_view bytes) override {
    if (!good_) return;
    if (bytes_.size() + bytes.size() > engine::limits::kAuditReadAlongBytesMax) return give_up();
    bytes_.append(bytes);
  }
  void on_end() override {
    if (good_) onlooker_->before(type_, bytes_);
  }
  void on_error(const Status&) override {}

 private:
  void give_up() {
    good_ = false;
    if (const auto exchange = exchange_.lock()) exchange->cancel();
  }

  StreamHub& hub_;
  std::shared_ptr<ClusterWay> way_;
  const std::shared_ptr<Onlooker> onlooker_;
  std::weak_ptr<Exchange> exchange_;
  std::string type_, bytes_;
  bool good_ = false;
};

}  // namespace

void ask_before(StreamHub& hub, const ProxyStart& start, std::shared_ptr<Onlooker> onlooker) {
  // A cluster that has enough to do is not asked for more.
  if (!start.way->enter()) return;
  OutRequest request;
  request.target = start.head.target.substr(0, start.head.target.find('?'));
  request.headers = start.head.headers;
  for (std::string_view name : {"Content-Type", "Content-Encoding", "Expect", "If-Match"})
    request.headers.remove(name);
  request.headers.set("Accept", "application/json");
  request.head_timeout = kBeforeTimeout;
  request.body_timeout = kBeforeTimeout;
  start.way->client().send(std::move(request),
                           std::make_unique<BeforeSide>(hub, start.way, std::move(onlooker)));
}

}  // namespace appliance

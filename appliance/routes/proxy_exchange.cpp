#include "appliance/routes/proxy_exchange.h"

#include <atomic>
#include <charconv>
#include <mutex>
#include <utility>

#include "storage/base/log.h"

namespace appliance {

using engine::ProxyBody;
using engine::Response;
using engine::Status;
using engine::StreamSink;

namespace {

// At half of it the cluster is asked to wait; on_drained says when it may go on.
constexpr size_t kClientQueueBytes = 2u << 20;
constexpr size_t kClusterWaitBytes = 256u << 10;
constexpr storage::Millis kLookAgain{5};
// What a client may send of the other protocol before it knows that it is spoken.
constexpr size_t kEarlyBytesMax = 1u << 20;
// As long as an API server works on a request at most, and some.
constexpr storage::Millis kHeadTimeout{75'000};
constexpr storage::Millis kSilenceTimeout{120'000};
constexpr storage::Millis kUploadTimeout{3'600'000};  // a body that streams comes before the answer

using Frame = std::shared_ptr<const std::string>;

Frame chunk_of(std::string_view bytes) {
  char size[20];
  const auto end = std::to_chars(size, size + sizeof(size), bytes.size(), 16).ptr;
  auto out = std::make_shared<std::string>();
  out->reserve(bytes.size() + 24);
  out->append(size, end).append("\r\n").append(bytes).append("\r\n");
  return out;
}

class ProxyExchange final : public std::enable_shared_from_this<ProxyExchange> {
 public:
  ProxyExchange(StreamHub& hub, Clusters& clusters, ProxyStart start)
      : hub_(hub), clusters_(clusters), start_(std::move(start)) {}
  ~ProxyExchange() {
    // The last holder of a way lets it go outside the call of its own client.
    if (start_.way.use_count() == 1) hub_.post([way = std::move(start_.way)] {});
  }

  // The client's side.
  void client_open(std::shared_ptr<StreamSink> sink);
  void client_bytes(std::string_view bytes);
  void client_drained();
  void client_end();
  void client_closed();

  // The cluster's side. Its exchange is known before its first byte can come.
  void begun(const std::shared_ptr<Exchange>& exchange);
  void head(Response answer);
  void body(std::string_view bytes);
  void whole();
  void broke(const Status& why);
  void cluster_drained();

 private:
  struct Both {
    std::shared_ptr<StreamSink> sink;
    std::shared_ptr<Exchange> exchange;
  };
  Both both() const {
    std::lock_guard lock(mutex_);
    return {sink_, exchange_};
  }
  // True for the one who ends it.
  bool end();
  void tell(int status, const engine::Headers& headers = {}) {
    if (!start_.onlooker || told_.exchange(true)) return;
    start_.onlooker->answered(status, headers);
  }
  void told_all() {
    if (Onlooker* one = reader()) one->ended();
  }
  void answer_status(const Status& status);
  void client_body(std::string_view bytes);
  void hold_back(const Both& now);
  void look_again();
  Onlooker* reader() const {
    return start_.onlooker && start_.onlooker->reads() ? start_.onlooker.get() : nullptr;
  }
  // Whether the client's connection is good for its next request.
  bool may_reuse() const {
    if (start_.body) return false;  // more of it may be on its way
    return !start_.head.upgrade && start_.request.headers.get("Connection") != "close";
  }

  StreamHub& hub_;
  Clusters& clusters_;
  ProxyStart start_;
  mutable std::mutex mutex_;
  std::shared_ptr<StreamSink> sink_;
  std::shared_ptr<Exchange> exchange_;
  bool ended_ = false;
  std::atomic<bool> told_ = false;
  std::string early_;       // what the client sent before the 101
  bool head_sent_ = false;  // only the cluster's side
  bool upgraded_ = false;
  ProxyBody framing_ = ProxyBody::none;
};

class ClusterSide final : public ResponseHandler {
 public:
  explicit ClusterSide(std::shared_ptr<ProxyExchange> exchange) : exchange_(std::move(exchange)) {}
  void on_begin(const std::shared_ptr<Exchange>& exchange) override { exchange_->begun(exchange); }
  void on_head(Response head) override { exchange_->head(std::move(head)); }
  void on_body(std::string_view bytes) override { exchange_->body(bytes); }
  void on_end() override { exchange_->whole(); }
  void on_error(const Status& why) override { exchange_->broke(why); }
  void on_drained() override { exchange_->cluster_drained(); }

 private:
  const std::shared_ptr<ProxyExchange> exchange_;
};

class ClientSide final : public engine::StreamHandler {
 public:
  explicit ClientSide(std::shared_ptr<ProxyExchange> exchange) : exchange_(std::move(exchange)) {}
  void on_open(std::shared_ptr<StreamSink> sink) override {
    exchange_->client_open(std::move(sink));
  }
  void on_bytes(std::string_view bytes) override { exchange_->client_bytes(bytes); }
  void on_drained() override { exchange_->client_drained(); }
  void on_client_end() override { exchange_->client_end(); }
  void on_closed() override { exchange_->client_closed(); }

 private:
  const std::shared_ptr<ProxyExchange> exchange_;
};

void ProxyExchange::client_open(std::shared_ptr<StreamSink> sink) {
  // What follows an upgrade request belongs to the other protocol: it waits for the 101.
  if (start_.head.upgrade) sink->pause_reading();
  {
    std::lock_guard lock(mutex_);
    sink_ = std::move(sink);
  }
  const bool long_running =
      start_.head.upgrade || engine::is_long_running(start_.request, start_.path.rest);
  if (Onlooker* one = reader(); one && !start_.request.body.empty())
    one->sent_part(start_.request.body);
  OutRequest request;
  request.method = start_.head.method;
  request.target = start_.head.target;
  request.headers = std::move(start_.head.headers);
  request.body = std::move(start_.request.body);
  if (start_.body) request.body_follows = start_.body->header();
  request.head_timeout = start_.body ? kUploadTimeout : kHeadTimeout;
  request.body_timeout = long_running ? storage::Millis{0} : kSilenceTimeout;
  start_.way->client().send(std::move(request), std::make_unique<ClusterSide>(shared_from_this()));
}

void ProxyExchange::begun(const std::shared_ptr<Exchange>& exchange) {
  std::lock_guard lock(mutex_);
  exchange_ = exchange;
}

bool ProxyExchange::end() {
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(ended_, true)) return false;
  }
  start_.way->leave();
  return true;
}

// The request's body, freshly framed: exactly what is a body gets through.
void ProxyExchange::client_body(std::string_view bytes) {
  const auto now = both();
  if (!now.exchange || start_.body->done()) return;
  const bool chunked = start_.body->chunked();
  auto fed = start_.body->feed(bytes, [&](std::string_view part) {
    if (Onlooker* one = reader()) one->sent_part(part);
    now.exchange->send(chunked ? chunk_of(part) : std::make_shared<const std::string>(part));
  });
  if (!fed) {
    answer_status(fed.error());
    now.exchange->cancel();
    return;
  }
  if (start_.body->done()) {
    if (chunked) now.exchange->send(std::make_shared<const std::string>("0\r\n\r\n"));
    now.exchange->end_body();
    return;
  }
  hold_back(now);
}

void ProxyExchange::client_bytes(std::string_view bytes) {
  if (start_.body) return client_body(bytes);
  const auto now = both();
  {
    std::lock_guard lock(mutex_);
    if (!upgraded_) {
      // Only an upgrade's come here, and wait for the 101.
      if (early_.size() < kEarlyBytesMax) early_.append(bytes);
      return;
    }
  }
  if (!now.exchange) return;
  if (!now.exchange->send(std::make_shared<const std::string>(bytes))) {
    now.sink->abort();
    return;
  }
  hold_back(now);
}

void ProxyExchange::hold_back(const Both& now) {
  if (now.exchange->queued_bytes() <= kClusterWaitBytes) return;
  now.sink->pause_reading();
  look_again();
}

// What a queue's owner calls drained depends on its own limit; ours is looked at until it is low.
void ProxyExchange::look_again() {
  hub_.after(kLookAgain, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    const auto now = self->both();
    if (!now.sink || !now.exchange) return;
    if (now.exchange->queued_bytes() < kClusterWaitBytes / 2) return now.sink->resume_reading();
    self->look_again();
  });
}

void ProxyExchange::cluster_drained() {
  if (const auto now = both(); now.sink) now.sink->resume_reading();
}

void ProxyExchange::client_drained() {
  if (const auto now = both(); now.exchange) now.exchange->resume_reading();
}

void ProxyExchange::client_end() {
  const auto now = both();
  std::unique_lock lock(mutex_);
  const bool upgraded = upgraded_;
  lock.unlock();
  if (upgraded && now.exchange) now.exchange->finish();
}

void ProxyExchange::client_closed() {
  tell(499);  // nobody waited for it
  told_all();
  if (end()) {
    if (const auto now = both(); now.exchange) now.exchange->cancel();
  }
  std::lock_guard lock(mutex_);
  sink_ = nullptr;
  exchange_ = nullptr;
}

void ProxyExchange::answer_status(const Status& status) {
  const auto now = both();
  tell(status.code());
  told_all();
  if (!end() || !now.sink) return;
  now.sink->send(
      std::make_shared<const std::string>(engine::status_response(status, start_.request.method)));
  if (may_reuse()) {
    now.sink->release();
  } else {
    now.sink->finish();
  }
}

void ProxyExchange::head(Response answer) {
  const auto now = both();
  if (!now.sink) return;
  if (answer.status == 401) clusters_.credential_refused(start_.path.cluster);
  auto head = engine::downstream_head(start_.request, start_.path, answer, start_.way->access());
  if (head && head->body == ProxyBody::upgraded && !start_.head.upgrade) {
    head = Status::other(502, "BadGateway", "the cluster switched protocols unasked");
  }
  if (!head) {
    answer_status(head.error());
    if (now.exchange) now.exchange->cancel();
    return;
  }
  tell(answer.status, answer.headers);
  framing_ = head->body;
  head_sent_ = true;
  now.sink->send(std::make_shared<const std::string>(std::move(head->bytes)));
  if (framing_ != ProxyBody::upgraded) return;
  std::string early;
  {
    // Under the lock, so that what the client sends from now on comes after it.
    std::lock_guard lock(mutex_);
    early.swap(early_);
    if (exchange_ && !early.empty()) {
      exchange_->send(std::make_shared<const std::string>(std::move(early)));
    }
    upgraded_ = true;
  }
  now.sink->resume_reading();
}

void ProxyExchange::body(std::string_view bytes) {
  const auto now = both();
  if (!now.sink || framing_ == ProxyBody::none || bytes.empty()) return;
  if (Onlooker* one = reader()) one->answer_part(bytes);
  Frame frame =
      framing_ == ProxyBody::chunked ? chunk_of(bytes) : std::make_shared<const std::string>(bytes);
  if (!now.sink->send(std::move(frame))) {
    if (now.exchange) now.exchange->cancel();
    return;
  }
  if (!now.exchange || now.sink->queued_bytes() <= kClientQueueBytes / 2) return;
  now.exchange->pause_reading();
  if (now.sink->queued_bytes() < kClientQueueBytes / 4) client_drained();
}

void ProxyExchange::whole() {
  told_all();
  const auto now = both();
  if (!end() || !now.sink) return;
  if (framing_ == ProxyBody::chunked) {
    now.sink->send(std::make_shared<const std::string>("0\r\n\r\n"));
  }
  if (may_reuse()) {
    now.sink->release();
  } else {
    now.sink->finish();
  }
}

void ProxyExchange::broke(const Status& why) {
  if (!head_sent_) {
    storage::log::debug("cluster proxy failed",
                        {{"cluster", start_.path.cluster}, {"why", why.message()}});
    answer_status(why);
    return;
  }
  told_all();
  const auto now = both();
  std::unique_lock lock(mutex_);
  const bool upgraded = upgraded_;
  lock.unlock();
  if (!end() || !now.sink) return;
  // A cut answer must not look whole: the connection ends without the last chunk.
  if (upgraded) {
    now.sink->finish();
  } else {
    now.sink->abort();
  }
}

}  // namespace

engine::Stream proxy_stream(StreamHub& hub, Clusters& clusters, ProxyStart start) {
  engine::Stream stream;
  stream.options.queue_bytes_max = kClientQueueBytes;
  // A client may send its next request as soon as it has this answer.
  if (!start.head.upgrade && !start.body) {
    stream.options.client_bytes = engine::ClientBytes::keep;
  }
  stream.handler = std::make_unique<ClientSide>(
      std::make_shared<ProxyExchange>(hub, clusters, std::move(start)));
  return stream;
}

}  // namespace appliance

#include "appliance/net/call.h"

#include <mutex>
#include <utility>

#include "appliance/net/clusters.h"

namespace appliance {

using engine::Response;
using engine::Result;
using engine::Status;

namespace {

// One call under way: ended once, by the answer, an error, the size or the clock.
class Call final : public std::enable_shared_from_this<Call> {
 public:
  using OnBody = std::function<void(std::string_view)>;
  Call(StreamHub& hub, std::shared_ptr<ClusterWay> way, std::string id, size_t bytes_max,
       OnBody on_body, engine::Transport::Done done)
      : hub_(hub),
        way_(std::move(way)),
        id_(std::move(id)),
        bytes_max_(bytes_max),
        on_body_(std::move(on_body)),
        done_(std::move(done)) {}

  void start(OutRequest request, storage::Millis timeout);

  void head(Response head) { answer_ = std::move(head); }
  void body(std::string_view bytes) {
    if (on_body_ && answer_.status < 300) {
      std::lock_guard lock(piece_mutex_);
      if (!ended_) on_body_(bytes);
      return;
    }
    if (answer_.body.size() + bytes.size() > bytes_max_) {
      end(Status::other(502, "BadGateway",
                        "cluster " + id_ + ": its answer is larger than " +
                            std::to_string(bytes_max_) + " bytes"));
      return;
    }
    answer_.body.append(bytes);
  }
  void whole() {
    {
      std::lock_guard lock(mutex_);
      exchange_ = nullptr;  // its connection is free for the next call
    }
    if (answer_.status == 101) {
      end(Status::other(502, "BadGateway", "cluster " + id_ + ": switched protocols unasked"));
    } else {
      end(std::move(answer_));
    }
  }
  void end(Result<Response> result);

 private:
  StreamHub& hub_;
  std::shared_ptr<ClusterWay> way_;
  const std::string id_;
  const size_t bytes_max_;
  const OnBody on_body_;
  std::mutex piece_mutex_;  // no piece comes after the end
  bool ended_ = false;
  std::mutex mutex_;
  engine::Transport::Done done_;  // empty when ended
  std::shared_ptr<Exchange> exchange_;
  TimerId timer_ = 0;
  Response answer_;  // only the exchange's thread
};

class CallHandler final : public ResponseHandler {
 public:
  explicit CallHandler(std::shared_ptr<Call> call) : call_(std::move(call)) {}
  void on_head(Response head) override { call_->head(std::move(head)); }
  void on_body(std::string_view bytes) override { call_->body(bytes); }
  void on_end() override { call_->whole(); }
  void on_error(const Status& why) override { call_->end(why); }

 private:
  std::shared_ptr<Call> call_;
};

void Call::start(OutRequest request, storage::Millis timeout) {
  const auto self = shared_from_this();
  auto exchange = way_->client().send(std::move(request), std::make_unique<CallHandler>(self));
  const TimerId timer = hub_.after(timeout, [weak = weak_from_this()] {
    if (const auto call = weak.lock()) {
      call->end(Status::timeout("cluster " + call->id_ + " did not answer in time"));
    }
  });
  std::lock_guard lock(mutex_);
  if (done_) {
    exchange_ = std::move(exchange);
    timer_ = timer;
  } else {
    hub_.cancel(timer);
  }
}

void Call::end(Result<Response> result) {
  engine::Transport::Done done;
  std::shared_ptr<Exchange> exchange;
  {
    std::lock_guard lock(mutex_);
    done = std::exchange(done_, nullptr);
    exchange = std::exchange(exchange_, nullptr);
    if (timer_) hub_.cancel(timer_);
  }
  if (!done) return;
  if (on_body_) {
    std::lock_guard lock(piece_mutex_);
    ended_ = true;
  }
  if (exchange) exchange->cancel();
  way_->leave();
  // The way may be the last of its kind: it is let go outside the call of its own client.
  hub_.post([way = std::exchange(way_, nullptr)] {});
  done(std::move(result));
}

class WayTransport final : public engine::Transport {
 public:
  WayTransport(StreamHub& hub, std::string id, std::shared_ptr<ClusterWay> way,
               std::function<void()> refused)
      : hub_(hub), id_(std::move(id)), way_(std::move(way)), refused_(std::move(refused)) {}

  void call(engine::ClusterCall call, Done done) override {
    if (!way_->enter()) {
      hub_.post([done = std::move(done), id = id_] {
        done(Status::too_many_requests("cluster " + id + " has too many requests under way", 1));
      });
      return;
    }
    done = [done = std::move(done), refused = refused_](Result<Response> answer) {
      if (answer && answer->status == 401) refused();
      done(std::move(answer));
    };
    const engine::ClusterAccess& access = way_->access();
    OutRequest request;
    request.method = std::move(call.method);
    request.target = access.base_path + call.target;
    request.headers = std::move(call.headers);
    if (auto credential = access.authorization(); !credential.empty()) {
      request.headers.set("Authorization", std::move(credential));
    }
    if (!request.headers.has("Accept")) request.headers.add("Accept", "application/json");
    request.headers.set("User-Agent", "paddock");
    request.body = std::move(call.body);
    request.head_timeout = call.timeout;
    request.body_timeout = call.timeout;
    std::make_shared<Call>(hub_, way_, id_, call.answer_bytes_max, std::move(call.on_body),
                           std::move(done))
        ->start(std::move(request), call.timeout);
  }

 private:
  StreamHub& hub_;
  const std::string id_;
  const std::shared_ptr<ClusterWay> way_;
  const std::function<void()> refused_;
};

}  // namespace

std::shared_ptr<engine::Transport> make_transport(StreamHub& hub, std::string cluster_id,
                                                  std::shared_ptr<ClusterWay> way,
                                                  std::function<void()> refused) {
  return std::make_shared<WayTransport>(hub, std::move(cluster_id), std::move(way),
                                        std::move(refused));
}

}  // namespace appliance

#include "engine/norman/subscribe.h"

#include <algorithm>
#include <deque>
#include <map>

#include "engine/base/limits.h"
#include "engine/base/websocket.h"
#include "engine/norman/cluster_changes.h"
#include "engine/norman/remote.h"

namespace engine {
namespace {

constexpr storage::Seconds kPingEvery{5};

// /v3/project/C:P/subscribe and /v3/cluster/C/subscribe are about what lies there.
struct Surface {
  std::string path = "/v3", context = {};
};
Surface surface_of(std::string_view path) {
  for (std::string_view what : {"cluster", "project"}) {
    const std::string one = "/v3/" + std::string(what);
    for (const std::string& before : {one + "/", one + "s/"}) {
      if (!path.starts_with(before)) continue;
      const std::string_view rest = path.substr(before.size());
      return {one, std::string(rest.substr(0, rest.find('/')))};
    }
  }
  return {};
}

std::vector<const SchemaView*> asked_types(const Norman& norman, const Request& request) {
  const Surface surface = surface_of(request.path);
  std::vector<const SchemaView*> out;
  auto add = [&](std::string_view id, bool named) {
    const SchemaView* schema = norman.schemas().published(surface.path, id);
    if (!schema || !schema->collection_method("GET")) return;
    const Type& type = norman.parts().types.of(*schema);
    // Of a union the parts are told, when they are asked for too.
    const bool there = type.lives_in_cluster() && (named || !type.is_optional()) &&
                       (named || type.members(norman.schemas(), *schema).empty());
    if (surface.context.empty() ? norman.holder(*schema) != nullptr : there) out.push_back(schema);
  };
  bool any = false;
  for (std::string_view list : request.query.all("resourceTypes")) {
    any = true;
    for (size_t start = 0; start <= list.size();) {
      size_t comma = std::min(list.find(',', start), list.size());
      add(list.substr(start, comma - start), true);
      start = comma + 1;
    }
  }
  if (!any)
    for (const std::string& id : norman.schemas().ids(surface.path)) add(id, false);
  return out;
}

}  // namespace

// Events come on the dispatcher's thread and are only queued there; a worker makes them into
// messages, in order, one worker at a time.
class SubscribeStream : public std::enable_shared_from_this<SubscribeStream> {
 public:
  // `way` is the server's, to the cluster that the request is about.
  SubscribeStream(Norman& norman, const AuthenticatorChain& authenticators, const Request& request,
                  RemoteWatch::Way way)
      : norman_(norman),
        authenticators_(authenticators),
        request_(request),
        surface_(surface_of(request.path)),
        types_(asked_types(norman, request)),
        way_(std::move(way)) {}

  void open(std::shared_ptr<StreamSink> sink) {
    {
      std::lock_guard lock(mutex_);
      if (closed_) return;  // gone before a worker came to it
      sink_ = std::move(sink);
    }
    if (!surface_.context.empty()) {
      follow_cluster();
    } else {
      for (const SchemaView* schema : types_) follow(*schema);
    }
    ping();
  }

  void feed(std::string_view bytes) {
    struct Reply final : websocket::Events {
      explicit Reply(SubscribeStream& stream) : stream(stream) {}
      SubscribeStream& stream;
      void on_message(websocket::Opcode, std::string_view) override {
      }  // clients have nothing to say here
      void on_ping(std::string_view payload) override {
        stream.send(websocket::Opcode::pong, payload);
      }
      void on_close(uint16_t code, std::string_view) override {
        stream.close(code == 1005 ? 1000 : code, "");
      }
    } reply(*this);
    if (auto failure = reader_.feed(bytes, reply)) close(failure->code, failure->reason);
  }

  void closed() {
    std::vector<std::unique_ptr<Dispatcher::Subscription>> gone;
    std::lock_guard lock(mutex_);
    closed_ = true;
    sink_.reset();
    queue_.clear();
    gone.swap(subscriptions_);
    // Ended on a worker: a subscription waits for its listener, which may be waiting for this lock.
    auto held = std::make_shared<decltype(gone)>(std::move(gone));
    std::shared_ptr<ClusterChanges> changes = std::move(changes_);
    norman_.parts().env.post([held, changes]() mutable {
      held->clear();
      changes.reset();
    });
  }

  void touch(std::string_view schema_id, std::string_view name) {
    if (!surface_.context.empty()) return;
    for (const SchemaView* schema : types_)
      if (schema->id() == schema_id) enqueue({schema, nullptr, std::string(name), false});
  }

 private:
  struct Item {
    const SchemaView* schema;
    WatchEventPtr event;  // none: read the object anew
    std::string name;
    bool gone = false;  // of a cluster's object: it is not there any more
    bool is(const Item& other) const {
      return !event && !other.event && schema == other.schema && name == other.name &&
             gone == other.gone;
    }
  };

  void follow(const SchemaView& schema) {
    KindPtr kind = norman_.holder(schema);
    Dispatcher::Snapshot ignored;
    auto self = weak_from_this();
    auto made = norman_.parts().dispatcher.list_and_subscribe(
        *kind, {}, ignored, [self, &schema](const WatchEventPtr& event) {
          if (event->type == EventType::bookmark) return;
          if (auto stream = self.lock()) stream->enqueue({&schema, event, {}, false});
        });
    if (!made) return close(1011, made.error().message());
    std::lock_guard lock(mutex_);
    subscriptions_.push_back(std::move(*made));
  }

  void follow_cluster() {
    auto heard = [self = weak_from_this()](const SchemaView& schema, std::string id,
                                           ClusterChanges::What what) {
      if (auto stream = self.lock())
        stream->enqueue({&schema, nullptr, std::move(id), what == ClusterChanges::What::gone});
    };
    auto made = std::make_shared<ClusterChanges>(norman_, surface_.context, way_, types_, heard);
    std::lock_guard lock(mutex_);
    // Closed meanwhile: it ends on this worker.
    if (!closed_) changes_.swap(made);
  }

  void enqueue(Item item) {
    std::lock_guard lock(mutex_);
    if (!sink_) return;
    // What waits to be read is read as it is then.
    if (!item.event &&
        std::any_of(queue_.begin(), queue_.end(), [&](const Item& one) { return one.is(item); }))
      return;
    if (queue_.size() >= limits::kSubscribeQueueMax) {
      sink_->abort();  // too slow: the client connects anew and reads the lists
      return;
    }
    queue_.push_back(std::move(item));
    if (working_) return;
    working_ = true;
    norman_.parts().env.post([self = shared_from_this()] { self->work(); });
  }

  void work() {
    for (;;) {
      Item item;
      {
        std::lock_guard lock(mutex_);
        if (queue_.empty() || !sink_) {
          working_ = false;
          return;
        }
        item = std::move(queue_.front());
        queue_.pop_front();
      }
      if (surface_.context.empty())
        tell(item);
      else if (!tell_of_cluster(item))
        return;
    }
  }

  // Read as the one who asks, who learns nothing of what he may not read; one after the other.
  // False: the cluster is asked, and what comes then goes on with the work.
  bool tell_of_cluster(const Item& item) {
    if (item.gone) {
      auto shown = told_.find(key_of(item));
      if (shown != told_.end()) {
        send_change("resource.remove", *item.schema,
                    Json::object({{"id", shown->second}, {"type", item.schema->id()}}));
        told_.erase(shown);
      }
      return true;
    }
    Call call{norman_, read_request_, *item.schema, norman_.base_of(request_), surface_.context};
    Answer answer = norman_.parts().downstream(call, item.name);
    auto* pending = std::get_if<Pending>(&answer);
    if (!pending) return true;  // there is no way to the cluster, or no right to see it
    pending->start([self = shared_from_this(), item](const Answer& read) {
      const auto* response = std::get_if<Response>(&read);
      auto object =
          response && response->status == 200 ? parse_json(response->body) : Result<Json>(Json());
      if (object && object->is_object()) {
        self->told_[key_of(item)] = object->str("id");
        self->send_change("resource.change", *item.schema, std::move(*object));
      }
      self->work();
    });
    return false;
  }
  static std::string key_of(const Item& item) { return item.schema->id() + " " + item.name; }

  void send_change(std::string_view name, const SchemaView& schema, Json data) {
    Json message = Json::object({{"name", name}, {"resourceType", schema.id()}});
    message.set("data", std::move(data));
    send(websocket::Opcode::text, dump(message));
  }

  void tell(const Item& item) {
    Bytes bytes = item.event ? item.event->object : nullptr;
    KindPtr kind = norman_.holder(*item.schema);
    if (!item.event) {
      auto found = norman_.parts().dispatcher.get(*kind, "", item.name);
      if (!found || !*found) return;
      bytes = (*found)->bytes;
    }
    auto stored = parse_json(*bytes);
    if (!stored) return;
    const Type& type = norman_.parts().types.of(*item.schema);
    Call call{norman_, request_, *item.schema, norman_.base_of(request_), {}};
    const std::string ns(stored->str({"metadata", "namespace"})),
        name(stored->str({"metadata", "name"}));
    if (!type.holds(*stored, *item.schema)) return;
    if (!norman_.may(request_.user, "get", *kind, ns, name) && !type.owns(call, *stored, "get"))
      return;
    const bool removed = item.event && item.event->type == EventType::deleted;
    send_change(removed ? "resource.remove" : "resource.change", *item.schema,
                norman_.present(call, *stored));
  }

  static Request read_of(const Request& request) {
    Request out = request;
    out.method = "GET";
    out.query = {};
    out.raw_query.clear();
    return out;
  }

  void ping() {
    {
      std::lock_guard lock(mutex_);
      if (!sink_) return;
    }
    if (!authenticators_.authenticate(request_)) return close(1008, "the credential has ended");
    send(websocket::Opcode::text, R"({"name":"ping","data":{}})");
    norman_.parts().env.post_after(kPingEvery, [self = weak_from_this()] {
      if (auto stream = self.lock()) stream->ping();
    });
  }

  void send(websocket::Opcode opcode, std::string_view payload) {
    auto frame = std::make_shared<const std::string>(websocket::frame(opcode, payload));
    std::shared_ptr<StreamSink> sink;
    {
      std::lock_guard lock(mutex_);
      sink = sink_;
    }
    if (sink) sink->send(std::move(frame));
  }

  void close(uint16_t code, std::string_view reason) {
    send(websocket::Opcode::close, websocket::close_payload(code, reason));
    std::lock_guard lock(mutex_);
    if (sink_) sink_->finish();
  }

  Norman& norman_;
  const AuthenticatorChain& authenticators_;
  const Request request_;
  const Request read_request_ = read_of(request_);
  const Surface surface_;
  const std::vector<const SchemaView*> types_;
  const RemoteWatch::Way way_;
  websocket::Reader reader_{websocket::Side::server};
  std::mutex mutex_;
  std::shared_ptr<StreamSink> sink_;
  std::deque<Item> queue_;
  bool working_ = false;
  bool closed_ = false;
  std::vector<std::unique_ptr<Dispatcher::Subscription>> subscriptions_;
  std::shared_ptr<ClusterChanges> changes_;
  std::map<std::string, std::string> told_;  // of a cluster: what was shown, by its id there
};

namespace {

// What the hub owns; the stream itself lives on while a worker still has it.
class SubscribeHandler final : public StreamHandler {
 public:
  SubscribeHandler(storage::Env& env, std::shared_ptr<SubscribeStream> stream)
      : env_(env), stream_(std::move(stream)) {}
  // Lists are read to subscribe: not on a hub thread.
  void on_open(std::shared_ptr<StreamSink> sink) override {
    env_.post([stream = stream_, sink = std::move(sink)] { stream->open(sink); });
  }
  void on_bytes(std::string_view bytes) override { stream_->feed(bytes); }
  void on_closed() override { stream_->closed(); }

 private:
  storage::Env& env_;
  std::shared_ptr<SubscribeStream> stream_;
};

}  // namespace

// Whoever may see the cluster or project may ask; each object is read as him.
Result<RemoteWatch::Way> Subscribe::way_to_cluster(const Request& request) {
  const Surface surface = surface_of(request.path);
  if (surface.context.empty()) return RemoteWatch::Way();
  const SchemaView* any = norman_.schemas().published("/v3", "cluster");
  Call call{norman_, request, *any, norman_.base_of(request), surface.context};
  TRY(remote_.ways(call));
  const std::string cluster = surface.context.substr(0, surface.context.find(':'));
  return RemoteWatch::Way([this, cluster] { return remote_.server_way(cluster); });
}

Answer Subscribe::handle(const Request& request) {
  if (request.user.name == "system:anonymous")
    return norman_error(Status::other(401, "Unauthorized", "must authenticate"));
  if (!websocket::is_upgrade(request))
    return norman_error(
        Status::other(400, "BadRequest", "subscribe speaks WebSocket: ask with an upgrade"));
  if (!websocket::origin_allowed(request, {}))
    return norman_error(
        Status::other(403, "Forbidden", "a page of another origin may not subscribe"));
  std::string protocol;
  auto head = websocket::accept(request, {}, protocol);
  if (!head) return norman_error(head.error());
  auto way = way_to_cluster(request);
  if (!way) return norman_error(way.error());
  auto stream =
      std::make_shared<SubscribeStream>(norman_, authenticators_, request, std::move(*way));
  {
    std::lock_guard lock(mutex_);
    std::erase_if(streams_, [](const auto& weak) { return weak.expired(); });
    streams_.push_back(stream);
  }
  return Stream{.head = std::move(*head),
                .handler = std::make_unique<SubscribeHandler>(norman_.parts().env, stream)};
}

void Subscribe::touch(std::string_view schema_id, std::string_view name) {
  std::vector<std::shared_ptr<SubscribeStream>> live;
  {
    std::lock_guard lock(mutex_);
    for (const auto& weak : streams_)
      if (auto stream = weak.lock()) live.push_back(std::move(stream));
  }
  for (const auto& stream : live) stream->touch(schema_id, name);
}

size_t Subscribe::open_streams() {
  std::lock_guard lock(mutex_);
  std::erase_if(streams_, [](const auto& weak) { return weak.expired(); });
  return streams_.size();
}

}  // namespace engine

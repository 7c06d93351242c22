// GET ...?watch=1: the events of a resource as a stream.
#include <algorithm>

#include "engine/api/options.h"
#include "engine/api/watch_stream.h"

namespace engine {
namespace {

// As upstream's --min-request-timeout: between it and twice as much.
constexpr int64_t kWatchSecondsLeast = 1800;
constexpr int64_t kWatchSecondsMost = 365 * 24 * 3600;

Result<Response> stream_head(const Request& request) {
  if (websocket::is_upgrade(request)) {
    // A page of another site must not watch with the cookies of this one.
    if (!websocket::origin_allowed(request, {}))
      return Status::forbidden_text("the request comes from a page of another site");
    std::string chosen;
    return websocket::accept(request, {}, chosen);
  }
  Response head;
  head.headers.set("Content-Type", "application/json");
  head.headers.set("Cache-Control", "no-cache, private");
  head.headers.set("Transfer-Encoding", "chunked");
  return head;
}

storage::Instant end_of(ApiCall& call, const ListOptions& options) {
  int64_t seconds = options.timeout_seconds.value_or(0);
  if (seconds <= 0)
    seconds =
        kWatchSecondsLeast +
        static_cast<int64_t>(call.parts.env.random(static_cast<uint64_t>(kWatchSecondsLeast)));
  return call.parts.env.now() + storage::Seconds(std::min(seconds, kWatchSecondsMost));
}

Result<Selector> selector_of(ApiCall& call, const ListOptions& options) {
  auto selector = TRY(Selector::parse(*call.kind, options.labels, options.fields));
  const auto& name = call.info.name;
  if (name.empty() || call.info.verb != "watch") return selector;
  auto exact = selector.exact("metadata.name");
  if (options.fields.empty()) return Selector::by_name(name);
  if (exact != name)
    return Status::bad_request("fieldSelector metadata.name doesn't match requested name");
  return selector;
}

Dispatcher::Interest interest_of(const ApiCall& call, const Selector& selector) {
  Dispatcher::Interest out;
  out.ns = call.info.ns;
  if (auto name = selector.exact("metadata.name")) out.name = *name;
  if (auto ns = selector.exact("metadata.namespace"); ns && out.ns.empty()) out.ns = *ns;
  return out;
}

std::vector<std::shared_ptr<const CachedObject>> matching(Dispatcher::Snapshot& snapshot,
                                                          const Selector& selector) {
  if (selector.empty()) return std::move(snapshot.objects);
  std::vector<std::shared_ptr<const CachedObject>> out;
  for (auto& object : snapshot.objects)
    if (selector.matches(ObjectView(object->ns, object->name, *object->bytes)))
      out.push_back(std::move(object));
  return out;
}

// Begins with what is there, or from now on.
Result<Unit> begin_with_state(ApiCall& call, WatchStream& stream, const Selector& selector,
                              const Dispatcher::Interest& interest, const ListOptions& options,
                              Revision revision) {
  if (options.resource_version != "0") {
    auto current = TRY(call.parts.dispatcher.fresh(call.deadline()));
    if (revision > current) return too_large_revision(revision, current);
  }
  Dispatcher::Snapshot snapshot;
  stream.take_subscription(TRY(
      call.parts.dispatcher.list_and_subscribe(*call.kind, interest, snapshot, stream.listener())));
  auto at = snapshot.revision;
  bool wanted = options.send_initial_events.value_or(false);
  if (wanted) stream.set_initial(matching(snapshot, selector), at);
  return Unit{};
}

}  // namespace

Result<Answer> verb_watch(ApiCall& call) {
  auto output = TRY(negotiate_watch(call.request));
  auto options = TRY(ListOptions::parse(call.request.query, true));
  Revision revision = TRY(options.revision());
  WatchPlan plan;
  auto head = TRY(stream_head(call.request));
  plan.form.kind = call.kind;
  plan.form.output = output;
  if (head.status == 101) plan.form.framing = Framing::websocket;
  plan.selector = TRY(selector_of(call, options));
  plan.bookmarks = options.bookmarks;
  plan.initial_end_bookmark = options.bookmarks && options.send_initial_events.value_or(false);
  plan.ends = end_of(call, options);
  auto selector = plan.selector;
  auto interest = interest_of(call, selector);
  auto stream = std::make_unique<WatchStream>(call.parts.env, call.parts.timers, call.parts.frames,
                                              std::move(plan));
  if (options.send_initial_events || revision == 0)
    TRY(begin_with_state(call, *stream, selector, interest, options, revision));
  else
    stream->take_subscription(
        TRY(call.parts.dispatcher.subscribe(*call.kind, interest, revision, stream->listener())));
  Stream out;
  out.head = std::move(head);
  out.handler = std::move(stream);
  return out;
}

}  // namespace engine

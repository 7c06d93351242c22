#include "engine/api/frames.h"

#include <algorithm>
#include <charconv>

#include "engine/api/status_writer.h"
#include "engine/base/websocket.h"
#include "engine/watch/shape.h"

namespace engine {
namespace {

std::string_view type_name(EventType type) {
  switch (type) {
    case EventType::added:
      return "ADDED";
    case EventType::modified:
      return "MODIFIED";
    case EventType::deleted:
      return "DELETED";
    case EventType::bookmark:
      return "BOOKMARK";
    default:
      return "ERROR";
  }
}

// A failure to print one object must not end everybody's watch: it becomes an ERROR event.
std::string object_text(const FrameForm& form, const Bytes& object, WallTime now,
                        std::string_view& type) {
  switch (form.output.shape) {
    case Shape::metadata:
    case Shape::metadata_list:
      return partial_metadata(*object, form.output.meta_version);
    case Shape::table: {
      ListAnswer list;
      list.objects = {&object, 1};
      auto table = table_text(*form.kind, form.output, list, form.headers, now);
      if (table) return std::move(*table);
      type = "ERROR";
      return dump(status_json(table.error()));
    }
    default:
      return *as_kind(*form.kind, object);
  }
}

}  // namespace

std::string framed(Framing framing, std::string_view text) {
  if (framing == Framing::websocket) return websocket::frame(websocket::Opcode::text, text);
  char digits[16];
  auto end = std::to_chars(digits, digits + sizeof digits, text.size(), 16).ptr;
  std::string out;
  out.reserve(text.size() + 24);
  out.append(digits, end).append("\r\n").append(text).append("\r\n");
  return out;
}

std::string last_bytes(Framing framing) {
  if (framing == Framing::chunk) return "0\r\n\r\n";
  constexpr uint16_t kNormal = 1000;
  return websocket::frame(websocket::Opcode::close, websocket::close_payload(kNormal, ""));
}

std::string event_text(std::string_view type, const FrameForm& form, const Bytes& object,
                       WallTime now) {
  std::string text = object_text(form, object, now, type);
  std::string out;
  out.reserve(text.size() + 40);
  out.append(R"({"type":")").append(type).append(R"(","object":)").append(text).append("}\n");
  return out;
}

std::string error_event_text(const Status& status) {
  return R"({"type":"ERROR","object":)" + dump(status_json(status)) + "}\n";
}

Bytes bookmark_object(const Kind& kind, Revision revision, bool initial_events_end) {
  Json metadata = Json::object({{"resourceVersion", std::to_string(revision)}});
  if (initial_events_end)
    metadata.set("annotations", Json::object({{"k8s.io/initial-events-end", "true"}}));
  Json object = Json::object({{"kind", kind.kind}, {"apiVersion", kind.api_version()}});
  object.set("metadata", std::move(metadata));
  return std::make_shared<const std::string>(dump(object));
}

void FrameCache::turn_to(const WatchEventPtr& event) {
  if (event_ == event) return;
  made_.clear();
  now_.reset();
  before_.reset();
  event_ = event;
  if (event->object) now_.emplace(event->ns, event->name, *event->object);
  if (event->before) before_.emplace(event->ns, event->name, *event->before);
}

// What the event is to somebody who only sees what the selector lets through: an object that comes
// into sight is added, one that leaves it deleted.
std::optional<EventType> FrameCache::type_for(const Selector& selector) const {
  if (selector.empty() || event_->type == EventType::bookmark) return event_->type;
  bool now = event_->type != EventType::deleted && now_ && selector.matches(*now_);
  bool before = before_ && selector.matches(*before_);
  if (now) return before ? EventType::modified : EventType::added;
  if (before) return EventType::deleted;
  return std::nullopt;
}

Bytes FrameCache::join(Dispatcher::Events events, const FrameForm& form, const Selector& selector) {
  std::string out;
  for (const auto& event : events)
    if (auto bytes = frame(event, form, selector)) out += *bytes;
  return out.empty() ? nullptr : std::make_shared<const std::string>(std::move(out));
}

Bytes FrameCache::frames(Dispatcher::Events events, const FrameForm& form,
                         const Selector& selector) {
  if (events.size() == 1) return frame(events.front(), form, selector);
  // What a selector lets through differs from reader to reader; so do a Table's ages.
  if (!selector.empty() || form.output.shape == Shape::table) return join(events, form, selector);
  {
    std::lock_guard lock(mutex_);
    if (joined_ && joined_form_ == form &&
        std::equal(events.begin(), events.end(), joined_events_.begin(), joined_events_.end()))
      return joined_;
  }
  auto bytes = join(events, form, selector);
  std::lock_guard lock(mutex_);
  joined_events_.assign(events.begin(), events.end());
  joined_form_ = form;
  joined_ = bytes;
  return bytes;
}

Bytes FrameCache::frame(const WatchEventPtr& event, const FrameForm& form,
                        const Selector& selector) {
  // Only tables count time; and the Env is not asked under the lock.
  WallTime now = form.output.shape == Shape::table ? env_.wall() : WallTime();
  std::lock_guard lock(mutex_);
  turn_to(event);
  auto type = type_for(selector);
  if (!type) return nullptr;
  for (const auto& made : made_)
    if (made.type == *type && made.form == form) return made.bytes;
  Bytes object = event->object;
  if (*type == EventType::bookmark) object = bookmark_object(*form.kind, event->revision, false);
  // Out of sight, not gone: the last state that was seen, at this revision.
  if (*type == EventType::deleted && event->type != EventType::deleted)
    object = with_revision(event->before, event->revision);
  auto bytes = std::make_shared<const std::string>(
      framed(form.framing, event_text(type_name(*type), form, object, now)));
  made_.push_back({form, *type, bytes});
  return bytes;
}

}  // namespace engine

// Frames: a watch event as the bytes that go to the socket, made once for all readers of one form
// and shared between them: {"type":...,"object":...} with a line end, as an HTTP chunk or a
// WebSocket message. Thread: any. Owns: the frames of the newest events.
#pragma once

#include <mutex>
#include <optional>
#include <vector>

#include "engine/api/respond.h"
#include "engine/watch/object_scan.h"
#include "engine/watch/selector.h"

namespace engine {

// How the events lie in the stream: as chunks of an HTTP answer, or as WebSocket text messages.
enum class Framing : uint8_t { chunk, websocket };

// What the bytes of an event depend on besides the event.
struct FrameForm {
  KindPtr kind;
  Output output;
  Framing framing = Framing::chunk;
  TableHeaders headers = TableHeaders::with;
  bool operator==(const FrameForm& other) const {
    return kind == other.kind && output.shape == other.output.shape &&
           output.meta_version == other.output.meta_version &&
           output.include_object == other.output.include_object && framing == other.framing &&
           headers == other.headers;
  }
};

std::string framed(Framing framing, std::string_view text);
// The bytes that end a stream in order.
std::string last_bytes(Framing framing);

// One line: the event and its end of line.
std::string event_text(std::string_view type, const FrameForm& form, const Bytes& object,
                       WallTime now);
std::string error_event_text(const Status& status);
// What a bookmark carries: kind and revision only.
Bytes bookmark_object(const Kind& kind, Revision revision, bool initial_events_end);

class FrameCache {
 public:
  explicit FrameCache(storage::Env& env) : env_(env) {}
  // The frame of the event for a reader with this selector; null: not for it.
  Bytes frame(const WatchEventPtr& event, const FrameForm& form, const Selector& selector);
  // The frames of all of them in one piece; null: none is for it.
  Bytes frames(Dispatcher::Events events, const FrameForm& form, const Selector& selector);

 private:
  struct Made {
    FrameForm form;
    EventType type;
    Bytes bytes;
  };
  Bytes join(Dispatcher::Events events, const FrameForm& form, const Selector& selector);
  void turn_to(const WatchEventPtr& event);
  std::optional<EventType> type_for(const Selector& selector) const;

  storage::Env& env_;
  std::mutex mutex_;
  WatchEventPtr event_;
  std::optional<ObjectView> now_, before_;
  std::vector<Made> made_;
  // The newest piece for readers without a selector.
  std::vector<WatchEventPtr> joined_events_;
  FrameForm joined_form_;
  Bytes joined_;
};

}  // namespace engine

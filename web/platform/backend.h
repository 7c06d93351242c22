// Backend: what the dashboard needs of the place it runs in: time, HTTP, WebSockets, the address
// bar, the clipboard and a screen. emscripten.cpp answers from a browser, headless.cpp from a test.
// Thread: the one thread of the dashboard. Owns: nothing; handlers are held until their request has
// ended or was cancelled.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct ImDrawData;

namespace web {

using RequestId = int;  // 0 is none

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

struct HttpAnswer {
  int status = 0;      // 0: no answer at all
  std::string body;    // empty where chunks were asked for
  std::string failed;  // why there was no answer
  bool ok() const { return status >= 200 && status < 300; }
};

struct HttpHandlers {
  std::function<void(std::string_view)> chunk;  // when set, the body comes here in pieces
  std::function<void(HttpAnswer)> done;
};

struct SocketHandlers {
  std::function<void(std::string_view protocol)> open;
  std::function<void(std::string_view bytes)> message;  // text or binary
  std::function<void(int code, std::string_view reason)> closed;
};

// An opaque rectangle of the page (CSS pixels) under everything that is drawn: the screen clears
// it, which costs a tenth of drawing it.
struct Ground {
  float x1, y1, x2, y2;
  uint32_t color;
};

enum class Cursor { kArrow, kHand, kText, kResizeX, kResizeY, kBusy };

class Backend {
 public:
  virtual ~Backend() = default;
  virtual double now_ms() = 0;                    // monotonic
  virtual int64_t wall_ms() = 0;                  // since 1970, UTC
  virtual int zone_minutes(int64_t wall_ms) = 0;  // what local time adds to UTC then

  virtual RequestId fetch(HttpRequest request, HttpHandlers handlers) = 0;
  virtual void cancel(RequestId id) = 0;  // no handler is called after this
  virtual RequestId open_socket(std::string url, std::string protocols,
                                SocketHandlers handlers) = 0;
  virtual void send(RequestId socket, std::string_view bytes, bool binary) = 0;
  virtual void close_socket(RequestId socket) = 0;

  virtual std::string location() = 0;  // path?query#fragment
  virtual std::string origin() = 0;    // https://host:port
  virtual void push_location(const std::string& url) = 0;
  virtual void replace_location(const std::string& url) = 0;
  virtual void leave_to(const std::string& url) = 0;  // another page of the server
  virtual void open_tab(const std::string& url) = 0;
  virtual void set_title(const std::string& title) = 0;

  virtual void copy(std::string_view text) = 0;
  virtual void download(const std::string& name, std::string_view mime, std::string_view data) = 0;
  virtual void pick_file() = 0;  // the answer comes by App::on_file
  virtual std::string cookie(std::string_view name) = 0;
  virtual std::string local(std::string_view key) = 0;  // this device's storage
  virtual void set_local(std::string_view key, std::string_view value) = 0;
  virtual bool prefers_dark() = 0;
  virtual bool reduced_motion() = 0;

  virtual void set_theme(std::string_view name) = 0;
  virtual void set_cursor(Cursor cursor) = 0;
  virtual void set_text_input(bool wanted, float x, float y, float h) = 0;
  virtual void mirror(std::string_view changes) = 0;  // mirror/mirror.h says the format
  virtual void render(ImDrawData* data, uint32_t clear_color,
                      const std::vector<Ground>& grounds) = 0;
};

}  // namespace web

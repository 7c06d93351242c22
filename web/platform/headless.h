// Headless: a Backend without a browser, for tests: time is set by hand, requests wait to be
// answered, nothing is drawn. Thread: the one thread. Owns: the requests not yet answered and what
// was told to the browser.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "web/platform/backend.h"

namespace web {

class Headless final : public Backend {
 public:
  struct Asked {
    RequestId id;
    HttpRequest request;
    HttpHandlers handlers;
  };
  std::vector<Asked> asked;
  double now = 1000;
  int64_t wall = 1795500000000;
  std::string at = "/dashboard/clusters", copied, title, mirrored, left_to;
  std::map<RequestId, SocketHandlers> sockets;
  int drawn = 0;

  // Answers the first waiting request whose method and address begin like this; false when none
  // does.
  bool answer(std::string_view method, std::string_view url, int status, std::string body);

  double now_ms() override { return now; }
  int64_t wall_ms() override { return wall; }
  int zone_minutes(int64_t) override { return 0; }
  RequestId fetch(HttpRequest request, HttpHandlers handlers) override;
  void cancel(RequestId id) override;
  RequestId open_socket(std::string url, std::string protocols, SocketHandlers handlers) override;
  void send(RequestId, std::string_view, bool) override {}
  void close_socket(RequestId socket) override { sockets.erase(socket); }
  std::string location() override { return at; }
  std::string origin() override { return "https://paddock.example"; }
  void push_location(const std::string& url) override { at = url; }
  void replace_location(const std::string& url) override { at = url; }
  void leave_to(const std::string& url) override { left_to = url; }
  void open_tab(const std::string&) override {}
  void set_title(const std::string& text) override { title = text; }
  void copy(std::string_view text) override { copied = text; }
  void download(const std::string&, std::string_view, std::string_view) override {}
  void pick_file() override {}
  std::string cookie(std::string_view name) override { return name == "CSRF" ? "abc" : ""; }
  std::string local(std::string_view key) override { return local_[std::string(key)]; }
  void set_local(std::string_view key, std::string_view value) override {
    local_[std::string(key)] = value;
  }
  bool prefers_dark() override { return false; }
  bool reduced_motion() override { return true; }
  void set_theme(std::string_view) override {}
  void set_cursor(Cursor) override {}
  void set_text_input(bool, float, float, float) override {}
  void mirror(std::string_view changes) override { mirrored = changes; }
  void render(ImDrawData* data, uint32_t clear_color, const std::vector<Ground>& grounds) override;

 private:
  std::map<std::string, std::string> local_;
  RequestId next_ = 1;
};

}  // namespace web

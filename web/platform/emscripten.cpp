// The browser as a Backend, and main(): host.js is the other half of this file.
#include <emscripten.h>

#include <cstring>
#include <map>
#include <memory>

#include "imgui.h"
#include "imgui_internal.h"
#include "web/pages/app.h"
#include "web/pages/dock.h"
#include "web/platform/backend.h"
#include "web/platform/keys.h"

extern "C" {
void pd_js_start();
void pd_js_wake(double ms);
double pd_js_now();
double pd_js_wall();
int pd_js_zone(double ms);
void* pd_js_file(const char*, int, int* size);
int pd_js_ask(int what, const char*, int);
void pd_js_tell(int what, const char*, int, const char*, int);
void pd_js_download(const char*, int, const char*, int, const char*, int);
int pd_js_media(int what);
void pd_js_cursor(int);
void pd_js_agent(double x, double y, double h);
void pd_js_fetch(int id, int streamed, const char*, int, const char*, int, const char*, int,
                 const char*, int);
void pd_js_cancel(int id);
void pd_js_socket(int id, const char*, int, const char*, int);
void pd_js_send(int id, int binary, const char*, int);
void pd_js_close(int id);
int pd_js_texture(int id, int x, int y, int w, int h, int stride, const void*, int whole);
void pd_js_untexture(int id);
void pd_js_begin(double w, double h, double scale, unsigned color);
void pd_js_ground(double x1, double y1, double x2, double y2, unsigned color);
void pd_js_list(const void*, int, const void*, int, const float*, int);
}

namespace web {
namespace {

enum Ask { kLocation, kOrigin, kCookie, kLocal };
enum Tell { kPush, kReplace, kLeave, kTab, kTitle, kSetLocal, kTheme, kMirror, kCopy, kPick };

class Browser final : public Backend {
 public:
  double now_ms() override { return pd_js_now(); }
  int64_t wall_ms() override { return static_cast<int64_t>(pd_js_wall()); }
  int zone_minutes(int64_t wall_ms) override { return pd_js_zone(static_cast<double>(wall_ms)); }

  RequestId fetch(HttpRequest request, HttpHandlers handlers) override {
    const RequestId id = next_++;
    std::string lines;
    for (const auto& [name, value] : request.headers) lines += name + "\n" + value + "\n";
    const int streamed = handlers.chunk ? 1 : 0;
    requests_[id] = std::make_shared<HttpHandlers>(std::move(handlers));
    pd_js_fetch(id, streamed, request.method.data(), size(request.method), request.url.data(),
                size(request.url), lines.data(), size(lines), request.body.data(),
                size(request.body));
    return id;
  }
  void cancel(RequestId id) override {
    if (requests_.erase(id) > 0) pd_js_cancel(id);
  }
  RequestId open_socket(std::string url, std::string protocols, SocketHandlers handlers) override {
    const RequestId id = next_++;
    sockets_[id] = std::make_shared<SocketHandlers>(std::move(handlers));
    pd_js_socket(id, url.data(), size(url), protocols.data(), size(protocols));
    return id;
  }
  void send(RequestId socket, std::string_view bytes, bool binary) override {
    pd_js_send(socket, binary ? 1 : 0, bytes.data(), size(bytes));
  }
  void close_socket(RequestId socket) override {
    if (sockets_.erase(socket) > 0) pd_js_close(socket);
  }

  std::string location() override { return ask(kLocation, ""); }
  std::string origin() override { return ask(kOrigin, ""); }
  void push_location(const std::string& url) override { tell(kPush, url); }
  void replace_location(const std::string& url) override { tell(kReplace, url); }
  void leave_to(const std::string& url) override { tell(kLeave, url); }
  void open_tab(const std::string& url) override { tell(kTab, url); }
  void set_title(const std::string& title) override { tell(kTitle, title); }

  void copy(std::string_view text) override { tell(kCopy, text); }
  void download(const std::string& name, std::string_view mime, std::string_view data) override {
    pd_js_download(name.data(), size(name), mime.data(), size(mime), data.data(), size(data));
  }
  void pick_file() override { tell(kPick, ""); }
  std::string cookie(std::string_view name) override { return ask(kCookie, name); }
  std::string local(std::string_view key) override { return ask(kLocal, key); }
  void set_local(std::string_view key, std::string_view value) override {
    tell(kSetLocal, key, value);
  }
  bool prefers_dark() override { return pd_js_media(0) != 0; }
  bool reduced_motion() override { return pd_js_media(1) != 0; }
  void set_theme(std::string_view name) override { tell(kTheme, name); }
  void set_cursor(Cursor cursor) override {
    if (cursor == cursor_) return;
    cursor_ = cursor;
    pd_js_cursor(static_cast<int>(cursor));
  }
  void set_text_input(bool, float x, float y, float h) override { pd_js_agent(x, y, h); }
  void mirror(std::string_view changes) override { tell(kMirror, changes); }
  void render(ImDrawData* data, uint32_t clear_color, const std::vector<Ground>& grounds) override;

  void http_chunk(RequestId id, std::string_view bytes) {
    const auto it = requests_.find(id);
    if (it == requests_.end()) return;
    const auto keep = it->second;
    if (keep->chunk) keep->chunk(bytes);
  }
  void http_done(RequestId id, int status, std::string_view bytes) {
    const auto it = requests_.find(id);
    if (it == requests_.end()) return;
    const auto keep = it->second;
    requests_.erase(it);
    HttpAnswer answer;
    answer.status = status;
    (status == 0 ? answer.failed : answer.body) = bytes;
    if (keep->done) keep->done(std::move(answer));
  }
  std::shared_ptr<SocketHandlers> socket(RequestId id) {
    const auto it = sockets_.find(id);
    return it == sockets_.end() ? nullptr : it->second;
  }
  void forget_socket(RequestId id) { sockets_.erase(id); }
  std::string answer;

 private:
  static int size(std::string_view s) { return static_cast<int>(s.size()); }
  std::string ask(Ask what, std::string_view key) {
    answer.clear();
    pd_js_ask(what, key.data(), size(key));
    return answer;
  }
  void tell(Tell what, std::string_view a, std::string_view b = {}) {
    pd_js_tell(what, a.data(), size(a), b.data(), size(b));
  }
  static void update(ImTextureData& texture);

  std::map<RequestId, std::shared_ptr<HttpHandlers>> requests_;
  std::map<RequestId, std::shared_ptr<SocketHandlers>> sockets_;
  RequestId next_ = 1;
  Cursor cursor_ = Cursor::kArrow;
};

void Browser::update(ImTextureData& texture) {
  if (texture.Status == ImTextureStatus_WantCreate) {
    const int id = pd_js_texture(0, 0, 0, texture.Width, texture.Height, texture.Width,
                                 texture.GetPixels(), 1);
    texture.SetTexID(static_cast<ImTextureID>(id));
    texture.SetStatus(ImTextureStatus_OK);
  } else if (texture.Status == ImTextureStatus_WantUpdates) {
    for (const ImTextureRect& r : texture.Updates) {
      pd_js_texture(static_cast<int>(texture.GetTexID()), r.x, r.y, r.w, r.h, texture.Width,
                    texture.GetPixelsAt(r.x, r.y), 0);
    }
    texture.SetStatus(ImTextureStatus_OK);
  } else if (texture.Status == ImTextureStatus_WantDestroy && texture.UnusedFrames > 0) {
    pd_js_untexture(static_cast<int>(texture.GetTexID()));
    texture.SetTexID(ImTextureID_Invalid);
    texture.SetStatus(ImTextureStatus_Destroyed);
  }
}

void Browser::render(ImDrawData* data, uint32_t clear_color, const std::vector<Ground>& grounds) {
  if (data->Textures != nullptr) {
    for (ImTextureData* texture : *data->Textures) {
      if (texture->Status != ImTextureStatus_OK) update(*texture);
    }
  }
  pd_js_begin(data->DisplaySize.x, data->DisplaySize.y, data->FramebufferScale.x, clear_color);
  for (const Ground& g : grounds) pd_js_ground(g.x1, g.y1, g.x2, g.y2, g.color);
  static std::vector<float> commands;
  for (const ImDrawList* list : data->CmdLists) {
    commands.clear();
    for (const ImDrawCmd& c : list->CmdBuffer) {
      if (c.ElemCount == 0) continue;
      const float row[] = {static_cast<float>(c.ElemCount),
                           static_cast<float>(c.IdxOffset),
                           static_cast<float>(c.VtxOffset),
                           static_cast<float>(c.GetTexID()),
                           c.ClipRect.x,
                           c.ClipRect.y,
                           c.ClipRect.z,
                           c.ClipRect.w};
      commands.insert(commands.end(), row, row + 8);
    }
    pd_js_list(list->VtxBuffer.Data, list->VtxBuffer.size_in_bytes(), list->IdxBuffer.Data,
               list->IdxBuffer.size_in_bytes(), commands.data(),
               static_cast<int>(commands.size() / 8));
  }
}

Browser* browser = nullptr;
App* app = nullptr;

std::string take(char* p, int n) {
  std::string s(p, static_cast<size_t>(n));
  free(p);
  return s;
}

void set_mods(int mods) {
  ImGuiIO& io = ImGui::GetIO();
  io.AddKeyEvent(ImGuiMod_Ctrl, (mods & 1) != 0);
  io.AddKeyEvent(ImGuiMod_Shift, (mods & 2) != 0);
  io.AddKeyEvent(ImGuiMod_Alt, (mods & 4) != 0);
  io.AddKeyEvent(ImGuiMod_Super, (mods & 8) != 0);
}

}  // namespace
}  // namespace web

using web::app;
using web::browser;
using web::take;

extern "C" {
EMSCRIPTEN_KEEPALIVE double pd_frame() {
  return app->frame();
}
EMSCRIPTEN_KEEPALIVE void pd_size(double w, double h, double scale) {
  app->resize(static_cast<float>(w), static_cast<float>(h), static_cast<float>(scale));
}
EMSCRIPTEN_KEEPALIVE void pd_mouse(double x, double y, int mods) {
  web::set_mods(mods);
  const bool away = x < -1e8;
  ImGui::GetIO().AddMousePosEvent(away ? -FLT_MAX : static_cast<float>(x),
                                  away ? -FLT_MAX : static_cast<float>(y));
  app->touched();
}
EMSCRIPTEN_KEEPALIVE void pd_button(int button, int down) {
  static const int map[] = {0, 2, 1};
  if (button >= 0 && button < 3) ImGui::GetIO().AddMouseButtonEvent(map[button], down != 0);
  app->touched();
}
EMSCRIPTEN_KEEPALIVE void pd_press(double x, double y) {
  ImGuiIO& io = ImGui::GetIO();
  io.AddMousePosEvent(static_cast<float>(x), static_cast<float>(y));
  io.AddMouseButtonEvent(0, true);
  io.AddMouseButtonEvent(0, false);
  app->touched();
}
EMSCRIPTEN_KEEPALIVE void pd_wheel(double x, double y) {
  app->wheel(static_cast<float>(x), static_cast<float>(y));
}
EMSCRIPTEN_KEEPALIVE int pd_key(char* p, int n, char* q, int m, int mods, int down) {
  const std::string code = take(p, n), key = take(q, m);
  web::set_mods(mods);
  app->touched();
  const ImGuiKey k = web::key_of(code, key);
  if (k != ImGuiKey_None) ImGui::GetIO().AddKeyEvent(k, down != 0);
  return web::claims(k, key, mods, app->dock->takes_keys()) ? 1 : 0;
}
EMSCRIPTEN_KEEPALIVE void pd_text(char* p, int n) {
  ImGui::GetIO().AddInputCharactersUTF8(take(p, n).c_str());
  app->touched();
}
EMSCRIPTEN_KEEPALIVE void pd_paste(char* p, int n) {
  app->paste(take(p, n));
}
EMSCRIPTEN_KEEPALIVE void pd_focus(int on) {
  ImGui::GetIO().AddFocusEvent(on != 0);
  app->touched();
}
EMSCRIPTEN_KEEPALIVE void pd_focus_node(double id) {
  app->focus_node(static_cast<uint32_t>(id));
}
EMSCRIPTEN_KEEPALIVE void pd_popstate() {
  app->on_location();
}
EMSCRIPTEN_KEEPALIVE void pd_online() {
  app->on_online();
}
EMSCRIPTEN_KEEPALIVE void pd_media() {
  app->on_media();
}
EMSCRIPTEN_KEEPALIVE void pd_context() {
  for (ImTextureData* texture : ImGui::GetPlatformIO().Textures) {
    texture->SetTexID(ImTextureID_Invalid);
    texture->SetStatus(ImTextureStatus_WantCreate);
  }
  app->touched();
}
EMSCRIPTEN_KEEPALIVE void pd_file(char* p, int n, char* q, int m) {
  const std::string name = take(p, n);
  app->on_file(name, take(q, m));
}
EMSCRIPTEN_KEEPALIVE void pd_answer(char* p, int n) {
  browser->answer = take(p, n);
}
EMSCRIPTEN_KEEPALIVE void pd_http_chunk(int id, char* p, int n) {
  browser->http_chunk(id, std::string_view(p, static_cast<size_t>(n)));
  free(p);
  app->touched();
}
EMSCRIPTEN_KEEPALIVE void pd_http_done(int id, int status, char* p, int n) {
  browser->http_done(id, status, std::string_view(p, static_cast<size_t>(n)));
  free(p);
  app->touched();
}
EMSCRIPTEN_KEEPALIVE void pd_ws_open(int id, char* p, int n) {
  const std::string protocol = take(p, n);
  if (auto s = browser->socket(id); s && s->open) s->open(protocol);
  app->touched();
}
EMSCRIPTEN_KEEPALIVE void pd_ws_message(int id, char* p, int n) {
  if (auto s = browser->socket(id); s && s->message) {
    s->message(std::string_view(p, static_cast<size_t>(n)));
  }
  free(p);
  app->touched();
}
EMSCRIPTEN_KEEPALIVE void pd_ws_closed(int id, int code, char* p, int n) {
  const std::string reason = take(p, n);
  auto s = browser->socket(id);
  browser->forget_socket(id);
  if (s && s->closed) s->closed(code, reason);
  app->touched();
}
}

int main() {
  browser = new web::Browser();
  web::FontFiles fonts;
  static const char* const names[web::FontFiles::kCount] = {"ui400", "ui500", "ui600", "mono400",
                                                            "icons"};
  for (int i = 0; i < web::FontFiles::kCount; i++) {
    int size = 0;
    void* data = pd_js_file(names[i], static_cast<int>(strlen(names[i])), &size);
    fonts.file[i] = {data, size};
  }
  app = new web::App(*browser, fonts);
  pd_js_start();
  app->start();
  return 0;
}

// A shell in a pod, in the dock: exec over a WebSocket (v5.channel.k8s.io, v4 where that is not
// known).
#include "web/client/lifetime.h"
#include "web/pages/app.h"
#include "web/pages/dock.h"
#include "web/widgets/terminal.h"

namespace web {
namespace {

enum Channel : char { kStdin = 0, kStdout = 1, kStderr = 2, kError = 3, kResize = 4 };

class ShellTab final : public DockTab {
 public:
  ShellTab(App& app, PodRef pod, std::string container)
      : app_(app), pod_(std::move(pod)), container_(std::move(container)) {
    term_.output = [this](std::string_view bytes) { send(kStdin, bytes); };
    term_.resized = [this](int columns, int rows) {
      columns_ = columns;
      rows_ = rows;
      send_size();
    };
    term_.focus();
    find_container();
  }
  ~ShellTab() override { close(); }
  std::string label() override {
    return pod_.pod + (container_.empty() ? "" : " \xc2\xb7 " + container_);
  }
  std::string key() const override {
    return "shell " + pod_.cluster + "/" + pod_.ns + "/" + pod_.pod + "/" + wanted_;
  }
  uint32_t icon_code() const override { return tokens::kIconConsoleLine; }
  bool wants_keys() const override { return term_.focused() && socket_ != 0; }
  bool paste(std::string_view text) override {
    if (!wants_keys()) return false;
    term_.paste(text);
    return true;
  }
  void draw(App&, const Rect& area) override;

 private:
  void find_container();
  void connect();
  void close() {
    if (socket_ != 0) app_.backend.close_socket(socket_);
    socket_ = 0;
  }
  void send(char channel, std::string_view bytes) {
    if (socket_ != 0 && open_)
      app_.backend.send(socket_, std::string(1, channel) + std::string(bytes), true);
  }
  void send_size() {
    send(kResize,
         "{\"Width\":" + std::to_string(columns_) + ",\"Height\":" + std::to_string(rows_) + "}");
  }
  void on_message(std::string_view bytes);

  App& app_;
  PodRef pod_;
  std::string container_, wanted_ = container_, ended_;
  Terminal term_;
  Lifetime alive_;
  RequestId socket_ = 0;
  bool open_ = false;
  int columns_ = 80, rows_ = 24;
};

void ShellTab::find_container() {
  if (!container_.empty()) return connect();
  const std::string url = app_.cluster(pod_.cluster).base + "/api/v1/namespaces/" +
                          url_escape(pod_.ns) + "/pods/" + url_escape(pod_.pod);
  app_.api.get(url, alive_.guard([this](Result<Json> pod) {
    if (!pod) {
      ended_ = pod.error().message();
      return;
    }
    container_ = pod->str({"metadata", "annotations", "kubectl.kubernetes.io/default-container"});
    const Json* all = pod->at({"spec", "containers"});
    if (container_.empty() && all != nullptr && all->is_array() && all->size() > 0)
      container_ = all->as_array()[0].str("name");
    connect();
  }));
}

void ShellTab::connect() {
  ended_.clear();
  open_ = false;
  const char* script =
      "TERM=xterm-256color; export TERM; [ -x /bin/bash ] && exec /bin/bash || exec /bin/sh";
  std::string url =
      app_.cluster(pod_.cluster).base + "/api/v1/namespaces/" + url_escape(pod_.ns) + "/pods/" +
      url_escape(pod_.pod) +
      "/exec?stdin=true&stdout=true&stderr=true&tty=true&container=" + url_escape(container_) +
      "&command=/bin/sh&command=-c&command=" + url_escape(script);
  SocketHandlers handlers;
  handlers.open = alive_.guard([this](std::string_view) {
    open_ = true;
    send_size();
  });
  handlers.message = alive_.guard([this](std::string_view bytes) { on_message(bytes); });
  handlers.closed = alive_.guard([this](int code, std::string_view reason) {
    socket_ = 0;
    if (!ended_.empty()) return;
    ended_ = !reason.empty() ? std::string(reason)
             : open_         ? "The shell has ended"
                             : "The shell could not be opened (" + std::to_string(code) + ")";
  });
  socket_ =
      app_.backend.open_socket(url, "v5.channel.k8s.io,v4.channel.k8s.io", std::move(handlers));
}

void ShellTab::on_message(std::string_view bytes) {
  if (bytes.empty()) return;
  const char channel = bytes[0];
  bytes.remove_prefix(1);
  if (channel == kStdout || channel == kStderr) {
    term_.feed(bytes);
  } else if (channel == kError) {
    auto status = engine::parse_json(bytes);
    if (!status)
      ended_ = std::string(bytes);
    else if (status->str("status") == "Success")
      ended_ = "The shell has ended";
    else
      ended_ = status->str("message", "The shell ended with an error");
  }
}

void ShellTab::draw(App&, const Rect& area) {
  fill(area, col().surface_sunken, tokens::kShellPanelRadius, ImDrawFlags_RoundCornersBottom);
  Rect r = area;
  if (!ended_.empty()) r.Max.y -= 40;
  if (begin_area("shell", r, 0, 0,
                 ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse))
    term_.draw(r);
  end_area();
  if (ended_.empty()) {
    if (!open_)
      text(area.Min.x + 12, area.Min.y + 4, tokens::kTypeLog, col().text_tertiary,
           "Connecting to " + pod_.pod + " \xe2\x80\xa6", 18);
    return;
  }
  hline(area.Min.x, area.Max.x, r.Max.y, col().border_default);
  text_fit(area.Min.x + 12, r.Max.y, tokens::kTypeSmall, col().text_secondary, ended_,
           area.GetWidth() - 130, 40);
  say_text(box(area.Min.x + 12, r.Max.y, 300, 40), ended_);
  if (button(area.Max.x - 96, r.Max.y + 6, "Reconnect",
             {.height = 28, .style = &tokens::kTypeSmallStrong})) {
    term_.focus();
    term_.feed("\r\n");
    connect();
  }
}

}  // namespace

void open_pod_shell(App& app, const PodRef& pod, const std::string& container) {
  app.dock->add(std::make_unique<ShellTab>(app, pod, container), 1);
}

}  // namespace web

#include "web/pages/app.h"

#include <algorithm>
#include <cmath>

#include "engine/base/yaml.h"
#include "web/pages/dock.h"
#include "web/pages/palette.h"

namespace web {

App::App(Backend& b, const FontFiles& fonts)
    : backend(b), ui_state((ImGui::CreateContext(), b), fonts), api(b), v3(api) {
  GImGui->TestEngineHookItems = true;
  ImGui::GetPlatformIO().Platform_SetClipboardTextFn = [](ImGuiContext*, const char* s) {
    ui().backend.copy(s);
  };
  ImGui::GetPlatformIO().Platform_GetClipboardTextFn = [](ImGuiContext* ctx) -> const char* {
    return static_cast<const char*>(ctx->PlatformIO.Platform_ClipboardUserData);
  };
  ImGui::GetPlatformIO().Platform_ClipboardUserData = const_cast<char*>("");
  ImGui::GetPlatformIO().Platform_SetImeDataFn = [](ImGuiContext*, ImGuiViewport*,
                                                    ImGuiPlatformImeData* d) {
    ui().backend.set_text_input(d->WantVisible, d->InputPos.x, d->InputPos.y, d->InputLineHeight);
  };
  register_pages(pages_);
  dock = std::make_unique<Dock>(*this);
  palette = std::make_unique<Palette>(*this);
  folded_["more"] = true;
  apply_prefs();
}

App::~App() = default;

void App::start() {
  api.on_unauthorized = [this] {
    if (!booted_) {
      backend.leave_to("/dashboard/login?to=" + url_escape(backend.location()));
    } else {
      expired_ = true;
    }
    touched();
  };
  route = parse_route(backend.location());
  if (route.parts.empty()) {
    route = parse_route("/dashboard/clusters");
    backend.replace_location(route.url());
  }
  load_session();
}

void App::load_session() {
  api.get("/v3/users?me=true", [this](Result<Json> answer) {
    if (!answer) {
      if (answer.error().code() != 401)
        toast(Tone::kError, "Your account cannot be read", answer.error().message());
      return;
    }
    const Json* data = answer->find("data");
    if (data != nullptr && data->is_array() && data->size() > 0) me = data->as_array()[0];
    if (me.truth({"mustChangePassword"})) {
      backend.leave_to("/dashboard/login?change=1&to=" + url_escape(backend.location()));
      return;
    }
    booted_ = true;
    v3.connect();
    v3.collection("cluster", "/v3/clusters");
    api.get("/v3/preferences", [this](Result<Json> prefs) {
      if (!prefs) return;
      if (Json* list = prefs->find("data"); list != nullptr) prefs_ = std::move(*list);
      apply_prefs();
    });
    if (route.parts.empty()) go("/dashboard/clusters");
  });
}

std::string App::pref(std::string_view key, std::string_view otherwise) {
  if (prefs_.is_array()) {
    for (const Json& p : prefs_.as_array()) {
      if (p.str("name") == key) return std::string(p.str("value"));
    }
  }
  const std::string local = backend.local(key);
  return local.empty() ? std::string(otherwise) : local;
}

void App::set_pref(const std::string& key, const std::string& value) {
  backend.set_local(key, value);
  if (!prefs_.is_array()) prefs_ = Json::array();
  std::string id;
  for (Json& p : prefs_.as_array()) {
    if (p.str("name") == key) {
      p.set("value", value);
      id = p.str("id");
      if (id.empty()) return;  // it is being made
    }
  }
  auto done = [this, key](Result<Json> answer) {
    if (!answer) {
      toast(Tone::kWarning, "The preference stays on this device only", answer.error().message());
      return;
    }
    for (Json& p : prefs_.as_array()) {
      if (p.str("name") == key) p.set("id", answer->str("id"));
    }
  };
  if (id.empty()) {
    prefs_.push_back(Json::object({{"name", key}, {"value", value}}));
    api.send("POST", "/v3/preferences", Json::object({{"name", key}, {"value", value}}), done);
  } else {
    api.send("PUT", "/v3/preferences/" + url_escape(id), Json::object({{"value", value}}), done);
  }
  apply_prefs();
}

void App::apply_prefs() {
  const std::string theme = pref("theme", "auto");
  const bool dark = theme == "dark" || (theme != "light" && backend.prefers_dark());
  ui_state.set_theme(dark);
  ui_state.comfortable = pref("density", "compact") == "comfortable";
  ui_state.still = backend.reduced_motion();
  nav_rail_ = pref("nav-rail") == "true";
  touched();
}

void App::on_media() {
  apply_prefs();
}

void App::resize(float w, float h, float scale) {
  width_ = w;
  height_ = h;
  ui_state.dpr = scale;
  ImGuiIO& io = ImGui::GetIO();
  io.DisplaySize = ImVec2(w, h);
  io.DisplayFramebufferScale = ImVec2(scale, scale);
  touched();
}

void App::wheel(float x, float y) {
  // ImGui counts in steps of five lines.
  const float step = 5 * ImGui::GetStyle().FontSizeBase;
  ImGui::GetIO().AddMouseWheelEvent(-x / step, -y / step);
  wheel_at_ = backend.now_ms();
  touched();
}

void App::paste(std::string text) {
  std::erase(text, '\r');
  pasted_ = std::move(text);
  ImGui::GetPlatformIO().Platform_ClipboardUserData = pasted_.data();
  if (dock->paste(pasted_)) return;
  ImGuiIO& io = ImGui::GetIO();
  const ImGuiKey mod = io.ConfigMacOSXBehaviors ? ImGuiMod_Super : ImGuiMod_Ctrl;
  io.AddKeyEvent(mod, true);
  io.AddKeyEvent(ImGuiKey_V, true);
  io.AddKeyEvent(ImGuiKey_V, false);
  io.AddKeyEvent(mod, false);
  touched();
}

void App::focus_node(uint32_t id) {
  for (const MirrorNode& n : ui_state.mirror.nodes()) {
    if (n.id == id) GImGui->NavId = id;
  }
  touched();
}

void App::on_location() {
  route = parse_route(backend.location());
  if (route.parts.empty()) route = parse_route("/dashboard/clusters");
  touched();
}

void App::on_online() {
  v3.retry_now();
  v3.tick(backend.now_ms());
}

void App::on_file(const std::string& name, const std::string& text) {
  if (!kept_.empty()) kept_.front().page->on_file(*this, name, text);
  touched();
}

void App::go(const std::string& url) {
  const Route to = parse_route(url);
  if (to == route) return;
  route = to;
  backend.push_location(route.url());
  nav_drawer_ = false;
  touched();
}

void App::replace(const Route& to) {
  if (to == route) return;
  route = to;
  backend.replace_location(route.url());
  touched();
}

void App::follow(const std::string& url, const Hit& h) {
  if (h.middle) {
    backend.open_tab(url);
  } else {
    go(url);
  }
}

void App::toast(Tone tone, std::string title, std::string words, std::string action,
                std::string href) {
  toasts_.push_back(
      {tone, std::move(title), std::move(words), std::move(action), std::move(href), 0});
  if (toasts_.size() > 4) toasts_.pop_front();
  touched();
}

void App::copy(std::string_view text, std::string_view what) {
  backend.copy(text);
  toast(Tone::kSuccess, "Copied", std::string(what));
}

ClusterView& App::cluster(const std::string& id) {
  auto& slot = clusters_[id];
  if (!slot) {
    slot = std::make_unique<ClusterView>(api, id);
    slot->discovery.load();
  }
  return *slot;
}

const Json* App::cluster_object(std::string_view id) {
  return v3.collection("cluster", "/v3/clusters").find(id);
}

std::string App::cluster_name(std::string_view id) {
  const Json* c = cluster_object(id);
  if (c == nullptr) return std::string(id);
  const std::string_view name = c->str("name");
  return std::string(name.empty() ? id : name);
}

void App::kubeconfig(const std::string& id, bool download) {
  api.send("POST", "/v3/clusters/" + url_escape(id) + "?action=generateKubeconfig", Json::object(),
           [this, id, download](Result<Json> answer) {
             if (!answer) {
               toast(Tone::kError, "No kubeconfig could be made", answer.error().message());
               return;
             }
             const std::string_view config = answer->str("config");
             if (download) {
               backend.download(cluster_name(id) + ".yaml", "application/yaml", config);
               toast(Tone::kSuccess, "Kubeconfig downloaded", cluster_name(id) + ".yaml");
             } else {
               copy(config, "Kubeconfig of " + cluster_name(id));
             }
           });
}

void App::open_download(const std::string& object_url, const std::string& file) {
  api.get(object_url, [this, file](Result<Json> answer) {
    if (!answer) {
      toast(Tone::kError, "Not downloaded", answer.error().message());
      return;
    }
    if (Json* meta = answer->find("metadata"); meta != nullptr) meta->erase("managedFields");
    backend.download(file, "application/yaml", engine::to_yaml(*answer));
  });
}

void App::log_out() {
  api.send("POST", "/v3/tokens?action=logout", Json::object(),
           [this](Result<Json>) { backend.leave_to("/dashboard/login"); });
}

bool App::may_change(std::string_view* why) {
  if (live()) return true;
  *why = "Not connected to the server: nothing can be changed now";
  return false;
}

bool App::page_has_keys() {
  if (ImGui::GetIO().WantTextInput || palette->is_open() || keys_open || dock->takes_keys() ||
      ui_state.keys_were_taken)
    return false;
  return !ImGui::IsPopupOpen(nullptr, ImGuiPopupFlags_AnyPopupId | ImGuiPopupFlags_AnyPopupLevel);
}

bool App::shortcut(ImGuiKey key, bool shift) {
  const ImGuiIO& io = ImGui::GetIO();
  if (io.KeyCtrl || io.KeySuper || io.KeyAlt || io.KeyShift != shift || !page_has_keys())
    return false;
  return ImGui::IsKeyPressed(key, false);
}

void App::open_page() {
  const std::string path = route.path();
  if (!kept_.empty() && kept_.front().path == path) return;
  for (auto it = kept_.begin(); it != kept_.end(); ++it) {
    if (it->path != path) continue;
    Kept kept = std::move(*it);
    kept_.erase(it);
    kept_.push_front(std::move(kept));
    return;
  }
  const PageDef* def = pages_.match(route);
  Kept kept;
  kept.path = path;
  kept.page = def != nullptr ? def->make(route)
                             : make_not_found("This page does not exist",
                                              "The address " + path + " leads nowhere.");
  kept_.push_front(std::move(kept));
  // The oldest that holds nothing unsaved goes.
  if (kept_.size() > 5) {
    for (size_t i = kept_.size(); i-- > 1;) {
      if (kept_[i].page->unsaved()) continue;
      kept_.erase(kept_.begin() + static_cast<std::ptrdiff_t>(i));
      break;
    }
  }
}

double App::frame() {
  Ui& u = ui_state;
  const double now = backend.now_ms();
  ImGuiIO& io = ImGui::GetIO();
  io.DeltaTime = static_cast<float>(std::clamp((now - u.now) / 1000.0, 0.0001, 0.25));
  u.now = now;
  u.wall = backend.wall_ms();
  u.next = -1;
  u.measuring = false;
  u.cursor = Cursor::kArrow;
  u.tip.clear();
  u.keys_were_taken = u.keys_taken;
  u.keys_taken = false;
  v3.tick(now);
  if (v3.retry_at() > now) u.after(v3.retry_at() - now);
  u.mirror.begin_frame();
  u.grounds.clear();
  // A shell and an editor keep arrows and Tab for themselves.
  if (u.keys_were_taken || dock->takes_keys())
    io.ConfigFlags &= ~ImGuiConfigFlags_NavEnableKeyboard;
  else
    io.ConfigFlags |= ImGuiConfigFlags_NavEnableKeyboard;
  ImGui::NewFrame();
  GImGui->DrawListSharedData.InitialFringeScale = 1.0f / u.dpr;
  draw_frame();
  ImGui::Render();
  backend.set_cursor(u.cursor);
  backend.render(ImGui::GetDrawData(), u.c->surface_panel, u.grounds);
  // The mirror follows when the wheel rests; a screen reader needs no 60 changes a second.
  if (u.measuring) {
    u.after(0);
  } else if (now - wheel_at_ > 120) {
    const std::string changes = u.mirror.changes();
    if (!changes.empty()) backend.mirror(changes);
  } else {
    u.after(130);
  }
  const std::string title =
      (kept_.empty() ? std::string() : kept_.front().page->title(*this) + " \xc2\xb7 ") + "Paddock";
  if (title != title_) backend.set_title(title_ = title);
  // A press and its release are taken in frames of their own: what they open settles after both.
  if (GImGui->InputEventsQueue.Size > 0) return 0;
  if (settle_ > 0) settle_--;
  if (settle_ > 0) return 0;
  return u.next;
}

}  // namespace web

// Import: one page from a name to an active cluster. Three ways, one command, live steps.
#include <cmath>

#include "web/client/lifetime.h"
#include "web/pages/app.h"
#include "web/pages/cluster_facts.h"

namespace web {
namespace {

enum Way { kCommand, kKubeconfig, kAgent };
enum CommandTab { kApplied, kFetched, kManifest };

class ImportPage final : public Page {
 public:
  explicit ImportPage(const Route& r)
      : id_(r.query.count("cluster") > 0 ? r.query.at("cluster") : "") {}
  std::string title(App&) override { return "Import a cluster"; }
  bool unsaved() const override { return !kubeconfig_.empty() && id_.empty(); }
  void on_file(App&, const std::string&, const std::string& text) override {
    kubeconfig_ = text;
    way_ = kKubeconfig;
  }

 private:
  void draw_content(Frame& f) override;
  float section(float x, float y, int n, std::string_view title, std::string_view note);
  float ways(float x, float y, float w);
  float name(float x, float y, float w);
  float commands(float x, float y, float w);
  float kubeconfig(float x, float y, float w);
  float mistake(float x, float y, float w);
  float consequences(float x, float y, float w);
  struct Step {
    std::string title, words;
    bool done;
  };
  void found_so_far(const ClusterFacts& facts, float x, float right, float y);
  void step_mark(const Step& s, bool now, bool more, float x, float y);
  void connection(const Rect& r);
  void create();
  void load_token();
  void take_token(Json token);
  std::string agent_command() const;
  bool name_ok() const;

  App* app_ = nullptr;
  Lifetime alive_;
  std::string id_, name_, kubeconfig_, error_;
  Json token_;
  int way_ = kCommand, tab_ = kApplied;
  bool creating_ = false, named_ = false;
  double asked_at_ = -1e9;
};

bool ImportPage::name_ok() const {
  if (name_.empty() || name_.size() > 63) return false;
  for (const char c : name_) {
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.')) return false;
  }
  return name_.front() != '-' && name_.back() != '-';
}

void ImportPage::create() {
  creating_ = true;
  error_.clear();
  Json body = Json::object({{"type", "cluster"}, {"name", name_}});
  if (way_ == kKubeconfig) body.set("importedConfig", Json::object({{"kubeConfig", kubeconfig_}}));
  app_->api.send("POST", "/v3/clusters", body, alive_.guard([this](Result<Json> answer) {
    creating_ = false;
    if (!answer) {
      error_ = answer.error().message();
      return;
    }
    id_ = answer->str("id");
    kubeconfig_.clear();
    app_->v3.put(app_->v3.collection("cluster", "/v3/clusters"), *answer);
    Route to = app_->route;
    to.query["cluster"] = id_;
    app_->replace(to);
    load_token();
  }));
}

void ImportPage::load_token() {
  if (id_.empty() || ui().now - asked_at_ < 1500 || !token_.is_null()) return;
  asked_at_ = ui().now;
  app_->api.get("/v3/clusterregistrationtokens?clusterId=" + url_escape(id_),
                alive_.guard([this](Result<Json> answer) {
                  if (!answer) {
                    error_ = answer.error().message();
                    return;
                  }
                  const Json* data = answer->find("data");
                  if (data != nullptr && data->is_array() && data->size() > 0 &&
                      !data->as_array()[0].str("token").empty()) {
                    take_token(data->as_array()[0]);
                    return;
                  }
                  if (data != nullptr && data->is_array() && data->size() > 0) return;
                  app_->api.send(
                      "POST", "/v3/clusterregistrationtokens",
                      Json::object({{"type", "clusterRegistrationToken"}, {"clusterId", id_}}),
                      alive_.guard([this](Result<Json> made) {
                        if (made && !made->str("token").empty()) take_token(std::move(*made));
                      }));
                }));
}

// A certificate of the server's own making is trusted nowhere else: the agent's command then
// carries its checksum, and of kubectl's commands only the second works.
void ImportPage::take_token(Json token) {
  token_ = std::move(token);
  if (agent_command().find(" --ca-checksum ") != std::string::npos) tab_ = kFetched;
}

std::string ImportPage::agent_command() const {
  const std::string_view given = token_.str("nodeCommand");
  if (!given.empty()) return std::string(given);
  std::string server(token_.str("manifestUrl"));
  server = server.substr(0, server.find("/v3/import/"));
  std::string out =
      "paddock agent --server " + server + " --token " + std::string(token_.str("token"));
  const std::string_view sum = token_.str("caChecksum");
  if (!sum.empty()) out += " --ca-checksum " + std::string(sum);
  return out + " --kubeconfig ~/.kube/config";
}

float ImportPage::section(float x, float y, int n, std::string_view title, std::string_view note) {
  const Rect mark = box(x, y, 24, 24);
  canvas()->AddCircleFilled(mark.GetCenter(), 12, col().state_neutral_subtle);
  text_center(mark, tokens::kTypeSmallStrong, col().text_secondary, std::to_string(n));
  const float w = text(x + 32, y, tokens::kTypeHeading, col().text_primary, title);
  say_heading(box(x + 32, y, w, 24), title, 2);
  text(x + 40 + w, y + 1, tokens::kTypeSmall, col().text_tertiary, note, 24);
  return y + 40;
}

float ImportPage::ways(float x, float y, float w) {
  struct Choice {
    uint32_t icon;
    const char *title, *words;
  };
  static const Choice choices[] = {
      {tokens::kIconConsole, "Run a command",
       "Paste one line where kubectl works. The agent dials out; nothing is opened on your side."},
      {tokens::kIconFileKeyOutline, "Use a kubeconfig",
       "Paddock talks to the API itself and no agent runs. The API must be reachable from here."},
      {tokens::kIconServerNetwork, "Run the agent elsewhere",
       "On any host that sees the cluster's API. Nothing is installed in the cluster."}};
  const int across = w < 560 ? 1 : 3;
  const float cw =
      std::floor((w - 12 * static_cast<float>(across - 1)) / static_cast<float>(across));
  const float h = across == 1 ? 112 : cw < 230 ? 160 : 142;
  for (int i = 0; i < 3; i++) {
    const Rect r = box(x + (cw + 12) * static_cast<float>(i % across),
                       y + (h + 12) * static_cast<float>(i / across), cw, h);
    const bool on = way_ == i;
    const Hit hh = hit(id_of(choices[i].title), r, {.disabled = !id_.empty() && i == kKubeconfig});
    fill(r,
         on           ? col().surface_selected
         : hh.hovered ? col().surface_hover
                      : col().surface_panel,
         8);
    outline(r,
            on           ? col().accent_fill
            : hh.hovered ? col().border_strong
                         : col().border_default,
            8, on ? 2 : 1);
    if (hh.focused) focus_ring(r, 8);
    icon(r.Min.x + 16, r.Min.y + 16, 20, on ? col().accent_icon : col().text_secondary,
         choices[i].icon);
    radio_mark(r.Max.x - 32, r.Min.y + 18, on);
    const float tw = text(r.Min.x + 17, r.Min.y + 46, tokens::kTypeSection, col().text_primary,
                          choices[i].title);
    if (i == 0 && cw > 240) tag(r.Min.x + 27 + tw, r.Min.y + 46, "Usual way", 20);
    text_wrap(r.Min.x + 17, r.Min.y + 70, tokens::kTypeSmall, col().text_secondary,
              choices[i].words, cw - 32, 18, 4);
    MirrorNode& n = ui().mirror.say(hh.id, Role::kRadio, choices[i].title, place(r));
    n.checked = on ? 1 : 0;
    if (hh.pressed) way_ = i;
  }
  return y + (h + 12) * (across == 1 ? 3 : 1) + 14;
}

float ImportPage::name(float x, float y, float w) {
  text(x, y, tokens::kTypeSmallStrong, col().text_primary, "Cluster name", 20);
  const float bw = button_width("Get the command", {.kind = ButtonKind::kPrimary});
  const float iw = ImMin(w < 320 + 8 + bw ? w - bw - 8 : w, 320.0f);
  std::string_view why;
  const bool may = app_->may_change(&why);
  if (id_.empty()) {
    const bool wrong = !name_.empty() && !name_ok();
    bool submitted = false;
    input(box(x, y + 24, iw, 32), "Cluster name", name_,
          {.hint = "edge-berlin-02",
           .error = wrong ? "Only a-z, 0-9, . and -" : "",
           .good = name_ok(),
           .focus = !named_ && !app_->phone()},
          &submitted);
    named_ = true;
    const bool ready = name_ok() && may && (way_ != kKubeconfig || !kubeconfig_.empty());
    if (way_ != kKubeconfig) {
      const bool pressed =
          button(x + iw + 8, y + 24, "Get the command",
                 {.kind = ButtonKind::kPrimary, .disabled = !ready, .busy = creating_, .tip = why});
      if (ready && !creating_ && (pressed || submitted)) create();
    }
    if (wrong)
      text(x, y + 58, tokens::kTypeSmall, col().state_error_text,
           "Only a-z, 0-9, . and -, and a letter or digit at both ends", 18);
    if (!error_.empty() && way_ != kKubeconfig) return y + 84 + mistake(x, y + 58, w) - 18;
    return y + 84;
  }
  text(x, y + 22, tokens::kTypeBodyStrong, col().text_primary, app_->cluster_name(id_), 28);
  say_text(box(x, y + 22, 200, 28), app_->cluster_name(id_));
  return y + 64;
}

// A command with its first word, flags and addresses told apart.
void draw_command(float x, float y, float w, std::string_view command, float* height) {
  const auto& c = col();
  const float cell = text_width(tokens::kTypeCommand, "MMMMMMMMMM") / 10;
  const float line = tokens::kTypeCommand.line;
  text(x, y, tokens::kTypeCommand, c.text_tertiary, "$");
  const float left = x + cell * 2;
  float at = left, ay = y;
  size_t i = 0;
  bool first = true;
  while (i < command.size()) {
    size_t end = command.find(' ', i);
    if (end == command.npos) end = command.size();
    std::string_view word = command.substr(i, end - i);
    const Color ink = first                   ? c.code_keyword
                      : word.starts_with("-") ? c.code_number
                      : word.find("://") != word.npos || word.find(':') != word.npos ? c.code_string
                                                                                     : c.code_plain;
    first = word == "|";
    while (!word.empty()) {
      auto room = static_cast<size_t>(ImMax(0.0f, (x + w - at) / cell));
      if (room < word.size() && at > left && word.size() * cell < w - cell * 2) room = 0;
      const size_t n = std::min(room, word.size());
      if (n > 0) at += text(at, ay, tokens::kTypeCommand, ink, word.substr(0, n));
      word.remove_prefix(n);
      if (!word.empty()) {
        at = left;
        ay += line;
      }
    }
    at += cell;
    i = end + 1;
  }
  *height = ay + line - y;
}

float ImportPage::commands(float x, float y, float w) {
  const auto& c = col();
  static const Tab kubectl_tabs[] = {{"kubectl"}, {"curl and kubectl"}, {"Manifest"}};
  static const Tab agent_tabs[] = {{"paddock agent"}};
  std::string command;
  if (way_ == kAgent)
    command = agent_command();
  else if (tab_ == kManifest)
    command = token_.str("manifestUrl");
  else if (tab_ == kFetched)
    command = token_.str("insecureCommand");
  else
    command = token_.str("command");
  float th = 0;
  const Rect measure = box(x, y, w, 140);
  canvas()->ChannelsSplit(2);
  canvas()->ChannelsSetCurrent(1);
  draw_command(x + 16, y + 54, w - 32, command, &th);
  canvas()->ChannelsSetCurrent(0);
  const Rect r(x, y, x + w, y + 40 + th + 28);
  fill(Rect(r.Min.x, r.Min.y + 40, r.Max.x, r.Max.y), c.surface_sunken, 8,
       ImDrawFlags_RoundCornersBottom);
  outline(r, c.border_default, 8);
  hline(r.Min.x, r.Max.x, r.Min.y + 39, c.border_default);
  canvas()->ChannelsMerge();
  (void)measure;
  say_text(Rect(r.Min.x, r.Min.y + 40, r.Max.x, r.Max.y), command);
  const int t = way_ == kAgent ? tabs(x + 16, y, 40, agent_tabs, 1, 0, "Command")
                               : tabs(x + 16, y, 40, kubectl_tabs, 3, tab_, "Command");
  if (t >= 0 && way_ != kAgent) tab_ = t;
  const float bw = button_width("Copy", {.icon = tokens::kIconContentCopy});
  if (button(r.Max.x - bw - 8, y + 6, "Copy", {.icon = tokens::kIconContentCopy, .height = 28}))
    app_->copy(command, "Paste it where kubectl works");
  const int64_t expires = parse_time(token_.str("expiresAt"));
  if (expires > 0) {
    text_right(r.Max.x - bw - 20, y, tokens::kTypeSmall, c.text_secondary,
               "Valid for " + age_text(ui().wall, expires), 40);
  }
  y = r.Max.y + 14;
  if (way_ == kCommand) {
    if (checkbox(x, y + 2, "This server's certificate is not trusted there",
                 tab_ == kFetched ? Check::kOn : Check::kOff, true))
      tab_ = tab_ == kFetched ? kApplied : kFetched;
    text(x + 24 + text_width(tokens::kTypeBody, "This server's certificate is not trusted there") +
             8,
         y, tokens::kTypeBody, c.text_tertiary, "fetches without checking it", 20);
    y += 34;
  }
  if (command.find("//localhost") != command.npos || command.find("//127.") != command.npos) {
    static constexpr std::string_view kWords =
        "Only this machine reaches the server at this address. Open the page by one that the "
        "cluster reaches, or set server-url in Settings.";
    tone_mark(x, y + 2, 16, Tone::kWarning);
    const float h = text_wrap(x + 24, y, tokens::kTypeBody, c.text_primary, kWords, w - 24, 20);
    say_text(box(x, y, w, h), kWords);
    y += h + 8;
  }
  return y + 8;
}

// What the server says against it; gives its height.
float ImportPage::mistake(float x, float y, float w) {
  const float h = text_wrap(x, y, tokens::kTypeSmall, col().state_error_text, error_, w, 18);
  say_text(box(x, y, w, h), error_);
  return h;
}

float ImportPage::kubeconfig(float x, float y, float w) {
  text_area(box(x, y, w, 200), "Kubeconfig", kubeconfig_,
            "Paste a kubeconfig, or drop the file here");
  y += 212;
  if (button(x, y, "Choose a file", {.icon = tokens::kIconUploadOutline}))
    app_->backend.pick_file();
  std::string_view why;
  const bool ready = name_ok() && !kubeconfig_.empty() && app_->may_change(&why);
  if (why.empty() && !name_ok()) why = "Give the cluster a name first";
  const float bw = button_width("Choose a file", {.icon = tokens::kIconUploadOutline});
  if (button(x + bw + 8, y, "Import",
             {.kind = ButtonKind::kPrimary, .disabled = !ready, .busy = creating_, .tip = why}))
    create();
  if (!error_.empty()) y += mistake(x, y + 40, w) + 8;
  return y + 48;
}

float ImportPage::consequences(float x, float y, float w) {
  struct Part {
    uint32_t icon;
    const char *title, *words;
  };
  static const Part agent[] = {
      {tokens::kIconPlusBoxOutline, "What it adds",
       "One namespace, a service account with its binding and secret, and a deployment of one "
       "small pod."},
      {tokens::kIconArrowTopRight, "What it opens",
       "Nothing. The agent dials out to this server and keeps one connection."},
      {tokens::kIconBroom, "How it goes",
       "Removing the cluster here takes all of it away. Workloads are not touched."}};
  static const Part direct[] = {
      {tokens::kIconPlusBoxOutline, "What it adds",
       "Nothing in the cluster. The credentials are kept here, sealed."},
      {tokens::kIconArrowTopRight, "What it opens",
       "Nothing. This side makes one connection to the cluster's API."},
      {tokens::kIconBroom, "How it goes",
       "Removing the cluster here forgets the credentials. Workloads are not touched."}};
  const Part* parts = way_ == kCommand ? agent : direct;
  const bool stacked = w < 520;
  const float cw = stacked ? w : w / 3;
  float h = 0;
  for (int i = 0; i < 3; i++)
    h = ImMax(h, 52 + wrap_height(tokens::kTypeSmall, parts[i].words, cw - 30, 18));
  card(box(x, y, w, stacked ? 3 * h : h));
  for (int i = 0; i < 3; i++) {
    const float cx = stacked ? x : std::round(x + cw * static_cast<float>(i));
    const float cy = stacked ? y + h * static_cast<float>(i) : y;
    if (i > 0 && stacked) hline(x + 1, x + w - 1, cy, col().border_default);
    if (i > 0 && !stacked) vline(cx, y + 1, y + h - 1, col().border_default);
    icon(cx + 16, cy + 16, 16, col().text_secondary, parts[i].icon);
    text(cx + 40, cy + 14, tokens::kTypeSection, col().text_primary, parts[i].title);
    text_wrap(cx + 16, cy + 38, tokens::kTypeSmall, col().text_secondary, parts[i].words, cw - 30,
              18, 6);
    say_text(box(cx + 16, cy + 14, cw - 30, h - 20),
             std::string(parts[i].title) + ": " + parts[i].words);
  }
  return y + (stacked ? 3 * h : h);
}

void ImportPage::found_so_far(const ClusterFacts& facts, float x, float right, float y) {
  const auto& c = col();
  const std::pair<const char*, std::string> found[] = {
      {"Type", facts.type},
      {"Version", facts.version},
      {"Nodes", facts.nodes_text()},
      {"CPU", facts.cpu_all > 0 ? std::to_string(static_cast<int>(facts.cpu_all)) + " cores"
                                : "\xe2\x80\x93"}};
  const Rect box_r = box(x, y + 4, right - x, 40 + 30 * 4);
  card(box_r);
  text(x + 16, y + 14, tokens::kTypeSection, c.text_primary, "Found so far");
  float fy = y + 42;
  for (const auto& [label, value] : found) {
    hline(x + 16, right - 16, fy, c.border_default);
    text(x + 16, fy, tokens::kTypeBody, c.text_secondary, label, 30);
    text_fit(x + 136, fy,
             std::string_view(label) == "Version" ? tokens::kTypeCode : tokens::kTypeBody,
             c.text_primary, value, right - x - 152, 30);
    fy += 30;
  }
}

void ImportPage::step_mark(const Step& s, bool now, bool more, float x, float y) {
  const auto& c = col();
  if (more)
    fill(box(x + 9, y + 26, 2, 24), s.done ? fade(c.state_success_solid, 0.6f) : c.surface_track);
  if (s.done)
    icon(x, y, 20, c.state_success_solid, tokens::kIconCheckCircle);
  else if (now)
    spinner(x + 10, y + 10, 8, c.state_transitioning_solid);
  else
    canvas()->AddCircle(ImVec2(x + 10, y + 10), 8, c.border_strong, 0, 1.5f);
  text(x + 32, y, tokens::kTypeBodyStrong, s.done || now ? c.text_primary : c.text_tertiary,
       s.title);
}

void ImportPage::connection(const Rect& r) {
  const auto& c = col();
  fill(r, c.surface_sunken);
  vline(r.Min.x, r.Min.y, r.Max.y, c.border_default);
  const float x = r.Min.x + 24, right = r.Max.x - 24;
  const Json* object = id_.empty() ? nullptr : app_->cluster_object(id_);
  const Json none;
  const ClusterFacts facts = cluster_facts(object != nullptr ? *object : none, ui().wall);
  const std::string state(object != nullptr ? object->str("state") : "");
  text(x, r.Min.y + 20, tokens::kTypeHeading, c.text_primary, "Connection");
  const std::string word = id_.empty() ? "Not started" : state_label(state);
  const Tone tone = id_.empty() ? Tone::kNeutral : facts.tone;
  state_badge(right - state_badge_width(word, tone), r.Min.y + 20, 24, word, tone);
  ui().mirror.say(id_of("connection state"), Role::kStatus, word,
                  ImVec4(right - 90, r.Min.y + 20, right, r.Min.y + 44));
  const bool active = state == "active";
  auto condition = [&](std::string_view type) {
    const Json* list = object != nullptr ? object->find("conditions") : nullptr;
    if (list == nullptr || !list->is_array()) return false;
    for (const Json& one : list->as_array()) {
      if (one.str("type") == type) return one.str("status") == "True";
    }
    return false;
  };
  const bool connected = active || condition("Connected");
  const bool direct = way_ == kKubeconfig;
  const Step steps[] = {
      {direct ? "Kubeconfig taken" : "Command issued",
       direct ? "Sealed at rest" : "With a token for this cluster only", !id_.empty()},
      {direct ? "API reached" : "Agent connected",
       direct ? "Directly from here" : "Through its own connection to this server", connected},
      {"Cluster read",
       facts.version == "\xe2\x80\x93" ? "Version, nodes and capacity" : facts.version,
       active || (connected && facts.version != "\xe2\x80\x93")},
      {"Ready", "Open it and work", active}};
  float y = r.Min.y + 62;
  bool waiting_shown = false;
  for (const Step& s : steps) {
    const bool now = !s.done && !waiting_shown && !id_.empty();
    if (now) waiting_shown = true;
    step_mark(s, now, &s != &steps[3], x, y);
    const std::string words = now && !facts.reason.empty() ? facts.reason : s.words;
    y += 20 + text_wrap(x + 32, y + 20, tokens::kTypeSmall, c.text_secondary, words, right - x - 32,
                        18, 4);
    say_text(box(x + 32, y - 30, right - x - 32, 30), s.title + (s.done ? ", done"
                                                                 : now  ? ", waiting: " + words
                                                                        : ""));
    y += 18;
  }
  if (connected && facts.version != "\xe2\x80\x93") {
    found_so_far(facts, x, right, y);
  }
  if (!id_.empty() && !active) {
    text_wrap(x, r.Max.y - 56, tokens::kTypeSmall, c.text_secondary,
              "You can leave this page. The cluster is already in the list and goes on connecting.",
              right - x, 18);
  }
}

void ImportPage::draw_content(Frame& f) {
  app_ = &f.app;
  if (f.route.query.count("cluster") > 0 && id_ != f.route.query.at("cluster")) {
    id_ = f.route.query.at("cluster");
    token_ = Json();
  }
  load_token();
  if (!id_.empty() && token_.is_null() && way_ != kKubeconfig) ui().after(1500);
  const Rect& a = f.area;
  const auto& c = col();
  float cx = a.Min.x + 24;
  if (link(cx, a.Min.y, tokens::kTypeBody, "Clusters", "/dashboard/clusters", 64))
    app_->go("/dashboard/clusters");
  cx += text_width(tokens::kTypeBody, "Clusters") + 8;
  icon(cx, a.Min.y + 24, 16, c.text_tertiary, tokens::kIconChevronRight);
  cx += 26;
  const float tw = text(cx, a.Min.y, tokens::kTypeTitle, c.text_primary, "Import a cluster", 64);
  say_heading(box(cx, a.Min.y, tw, 64), "Import a cluster", 1);
  hline(a.Min.x, a.Max.x, a.Min.y + 63, c.border_default);
  const float side = a.GetWidth() > 900 ? tokens::kShellSidePanelWide : 0;
  const Rect body(a.Min.x, a.Min.y + 64, a.Max.x - side, a.Max.y - tokens::kShellActionBar);
  if (begin_area("form", body)) {
    const float x = body.Min.x + 24, w = ImMin(tokens::kShellFormMax, body.GetWidth() - 48);
    float y = body.Min.y + 20 - ImGui::GetScrollY();
    y = section(x, y, 1, "How should Paddock reach it?", "");
    y = ways(x, y, w);
    y = section(x, y, 2, "Name it", "");
    y = name(x, y, w);
    if (way_ == kKubeconfig && id_.empty()) {
      y = section(x, y, 3, "Give the kubeconfig", "of a user with cluster-admin");
      y = kubeconfig(x, y, w);
    } else if (!id_.empty() && !token_.is_null() && way_ != kKubeconfig) {
      y = section(
          x, y, 3,
          way_ == kAgent ? "Run this on a host that sees the API" : "Run this on the cluster",
          way_ == kAgent ? "with a kubeconfig of a cluster-admin" : "as a user with cluster-admin");
      y = commands(x, y, w);
    }
    y = consequences(x, y + 6, w);
    end_area(y + 24);
  } else {
    end_area();
  }
  if (side > 0)
    connection(Rect(a.Max.x - side, a.Min.y + 64, a.Max.x, a.Max.y - tokens::kShellActionBar));
  const float by = a.Max.y - tokens::kShellActionBar;
  hline(a.Min.x, a.Max.x, by, c.border_default);
  const Json* object = id_.empty() ? nullptr : app_->cluster_object(id_);
  const bool active = object != nullptr && object->str("state") == "active";
  float right = a.Max.x - 24;
  const std::string open =
      "Open " + (id_.empty() ? std::string("the cluster") : app_->cluster_name(id_));
  if (button_left_of(right, by + 12, open,
                     {.kind = ButtonKind::kPrimary,
                      .disabled = !active,
                      .tip = active ? "" : "When it is active"})) {
    app_->go("/dashboard/c/" + url_escape(id_));
  }
  if (button_left_of(right, by + 12, "Back to clusters", {.href = "/dashboard/clusters"}))
    app_->go("/dashboard/clusters");
}

}  // namespace

void register_import(PageSet& set) {
  set.add("clusters/import", [](const Route& r) { return std::make_unique<ImportPage>(r); });
}

}  // namespace web

// Create: objects from YAML, as many documents as there are: tried first (dry run), then made one
// by one, each with what the server said of it.
#include <cmath>

#include "engine/base/yaml.h"
#include "web/client/lifetime.h"
#include "web/pages/app.h"
#include "web/widgets/code_editor.h"

namespace web {
namespace {

struct Doc {
  enum class State { kNew, kAsked, kFits, kMade, kFailed };
  Json object;
  ApiKind kind;
  std::string name, ns, words;
  State state = State::kNew;
};

class CreatePage final : public Page {
 public:
  explicit CreatePage(const Route& r) : cluster_(r.part(1)), wanted_(r) {}
  std::string title(App&) override { return "Create from YAML"; }
  bool unsaved() const override { return editor_.version() != start_ && made_ == 0; }
  void on_file(App&, const std::string&, const std::string& text) override {
    editor_.set_text(text);
  }

 private:
  void draw_content(Frame& f) override;
  void begin(App& app);
  void read(App& app);
  void take(App& app, const Json& object, size_t at);
  void send(App& app, bool try_only);
  void send_next(App& app, bool try_only, size_t at);
  void head(App& app, const Rect& r);
  void side(App& app, const Rect& r);
  float doc_line(App& app, const Doc& d, float x, float y, float w, int at);
  void actions(App& app, const Rect& r);
  bool all(Doc::State state) const;

  std::string cluster_, error_, space_, read_space_;
  Route wanted_;
  CodeEditor editor_;
  Lifetime alive_;
  std::vector<Doc> docs_;
  uint64_t start_ = 0, read_ = 0;
  int made_ = 0;
  bool begun_ = false, busy_ = false, tried_ = false;
};

bool CreatePage::all(Doc::State state) const {
  for (const Doc& d : docs_) {
    if (d.state != state) return false;
  }
  return !docs_.empty();
}

// What the list was of, as a beginning to type on.
void CreatePage::begin(App& app) {
  begun_ = true;
  const ClusterView& view = app.cluster(cluster_);
  space_ = view.namespaces.size() == 1 ? view.namespaces[0] : "default";
  const auto group = wanted_.query.find("group"), plural = wanted_.query.find("kind");
  std::string text;
  if (plural != wanted_.query.end()) {
    const ApiKind* kind =
        view.discovery.find(group == wanted_.query.end() ? "" : group->second, plural->second);
    if (kind != nullptr) {
      text = "apiVersion: " + (kind->group.empty() ? "" : kind->group + "/") + kind->version +
             "\nkind: " + kind->kind + "\nmetadata:\n  name: ";
      if (kind->namespaced) text += "\n  namespace: " + space_;
    }
  }
  editor_.set_text(text);
  start_ = editor_.version();
}

void CreatePage::take(App& app, const Json& object, size_t at) {
  const std::string where = "Document " + std::to_string(at + 1);
  const std::string_view version = object.str("apiVersion"), kind = object.str("kind");
  if (!object.is_object() || version.empty() || kind.empty()) {
    error_ = where + " has no apiVersion and kind";
    return;
  }
  const ApiKind* k = app.cluster(cluster_).discovery.find_kind(version, kind);
  if (k == nullptr) {
    error_ = where + ": the cluster has no " + std::string(kind) + " in " + std::string(version);
    return;
  }
  Doc d;
  d.object = object;
  d.kind = *k;
  d.name = object.str({"metadata", "name"});
  const std::string_view generated = object.str({"metadata", "generateName"});
  if (d.name.empty() && generated.empty()) {
    error_ = where + ": " + std::string(kind) + " has no metadata.name";
    return;
  }
  if (d.name.empty()) d.name = std::string(generated) + "\xe2\x80\xa6";
  if (k->namespaced) {
    d.ns = object.str({"metadata", "namespace"});
    if (d.ns.empty()) {
      d.ns = space_;
      d.object.make({"metadata"}).set("namespace", d.ns);
    }
  }
  docs_.push_back(std::move(d));
}

void CreatePage::read(App& app) {
  if (read_ == editor_.version() && read_space_ == space_) return;
  read_ = editor_.version();
  read_space_ = space_;
  docs_.clear();
  error_.clear();
  made_ = 0;
  tried_ = false;
  editor_.set_error(0);
  if (editor_.version() == start_) return;  // nothing was typed yet: nothing is wrong
  auto parsed = engine::parse_yaml_stream(editor_.text());
  if (!parsed) {
    error_ = parsed.error().message();
    return;
  }
  size_t at = 0;
  for (const Json& object : *parsed) {
    const Json* items = object.find("items");
    if (object.str("kind") == "List" && items != nullptr && items->is_array()) {
      for (const Json& item : items->as_array()) take(app, item, at);
    } else {
      take(app, object, at);
    }
    at++;
  }
}

void CreatePage::send(App& app, bool try_only) {
  if (busy_ || docs_.empty() || !error_.empty()) return;
  busy_ = true;
  send_next(app, try_only, 0);
}

// One after the other: a namespace is there before what lies in it.
void CreatePage::send_next(App& app, bool try_only, size_t at) {
  while (at < docs_.size() && docs_[at].state == Doc::State::kMade) at++;
  if (at >= docs_.size()) {
    busy_ = false;
    tried_ = true;
    if (!try_only && all(Doc::State::kMade))
      app.toast(Tone::kSuccess, "Created " + std::to_string(docs_.size()) +
                                    (docs_.size() == 1 ? " object" : " objects"));
    return;
  }
  Doc& d = docs_[at];
  d.state = Doc::State::kAsked;
  const std::string url = app.cluster(cluster_).base + d.kind.list_path(d.ns) +
                          "?fieldValidation=Strict" + (try_only ? "&dryRun=All" : "");
  app.api.send("POST", url, d.object,
               alive_.guard([this, &app, try_only, at, read = read_](Result<Json> answer) {
                 if (read != read_ || at >= docs_.size()) {  // it was typed on meanwhile
                   busy_ = false;
                   return;
                 }
                 Doc& done = docs_[at];
                 done.words.clear();
                 if (answer) {
                   done.state = try_only ? Doc::State::kFits : Doc::State::kMade;
                   if (!try_only) made_++;
                   const std::string_view name = answer->str({"metadata", "name"});
                   if (!name.empty()) done.name = name;
                 } else {
                   done.state = Doc::State::kFailed;
                   done.words = answer.error().code() == 409
                                    ? "It exists already: change it on its own page"
                                    : answer.error().message();
                 }
                 send_next(app, try_only, at + 1);
               }));
}

void CreatePage::head(App& app, const Rect& r) {
  const auto& c = col();
  float x = r.Min.x + 24;
  const float tw = text(x, r.Min.y, tokens::kTypeTitle, c.text_primary, "Create from YAML", 64);
  say_heading(box(x, r.Min.y, tw, 64), "Create from YAML", 1);
  x += tw + 14;
  float right = r.Max.x - 24;
  if (button_left_of(right, r.Min.y + 16, "Read a file",
                     {.kind = ButtonKind::kGhost, .icon = tokens::kIconUploadOutline}))
    app.backend.pick_file();
  if (right - x > 150)
    text_fit(x, r.Min.y + 1, tokens::kTypeBody, c.text_tertiary,
             "in " + app.cluster_name(cluster_) + "; separate several objects by ---",
             right - x - 12, 64);
  hline(r.Min.x, r.Max.x, r.Max.y - 1, c.border_default);
}

float CreatePage::doc_line(App& app, const Doc& d, float x, float y, float w, int at) {
  const auto& c = col();
  Tone tone = Tone::kNeutral;
  const char* words = "Not tried yet";
  switch (d.state) {
    case Doc::State::kNew:
      break;
    case Doc::State::kAsked:
      tone = Tone::kTransitioning, words = "Asking the server";
      break;
    case Doc::State::kFits:
      tone = Tone::kInfo, words = "Would be created";
      break;
    case Doc::State::kMade:
      tone = Tone::kSuccess, words = "Created";
      break;
    case Doc::State::kFailed:
      tone = Tone::kError, words = "Refused";
      break;
  }
  const std::string about = d.kind.kind + (d.ns.empty() ? "" : " in " + d.ns);
  say_text(box(x, y, w, 38), about + " " + d.name + ": " + words);
  tone_mark(x, y + 2, 16, tone);
  ImGui::PushID(at);
  const std::string shown = fit_middle(tokens::kTypeBodyStrong, d.name, w - 28);
  if (d.state == Doc::State::kMade) {
    const std::string to = object_url(cluster_, d.kind, d.ns, d.name);
    if (link(x + 24, y, tokens::kTypeBodyStrong, shown, to, 20)) app.go(to);
  } else {
    text(x + 24, y, tokens::kTypeBodyStrong, c.text_primary, shown, 20);
  }
  ImGui::PopID();
  text_fit(x + 24, y + 19, tokens::kTypeSmall, c.text_secondary, about + " \xc2\xb7 " + words,
           w - 24, 18);
  y += 42;
  if (!d.words.empty()) {
    const float h =
        text_wrap(x + 24, y, tokens::kTypeSmall, c.state_error_text, d.words, w - 24, 18, 8);
    say_text(box(x + 24, y, w - 24, h), d.words);
    y += h + 8;
  }
  return y + 4;
}

void CreatePage::side(App& app, const Rect& r) {
  const auto& c = col();
  vline(r.Min.x, r.Min.y, r.Max.y, c.border_default);
  if (!begin_area("side", r)) return end_area();
  const float x = r.Min.x + 20, w = r.GetWidth() - 40;
  float y = r.Min.y + 12 - ImGui::GetScrollY();
  text(x, y, tokens::kTypeBody, c.text_secondary, "Namespace, where an object names none", 20);
  input(box(x, y + 26, w, 32), "Namespace", space_, {.icon = tokens::kIconFolderOutline});
  y += 76;
  text(x, y, tokens::kTypeSection, c.text_primary, "Objects", 24);
  say_heading(box(x, y, w - 80, 24), "Objects", 2);
  const std::string n = docs_.empty() ? "none yet" : std::to_string(docs_.size());
  text_right(r.Max.x - 20, y, tokens::kTypeSmall, c.text_tertiary, n, 24);
  y += 34;
  int at = 0;
  for (const Doc& d : docs_) y = doc_line(app, d, x, y, w, at++);
  if (!error_.empty()) {
    tone_mark(x, y + 2, 16, Tone::kError);
    const float h = text_wrap(x + 24, y, tokens::kTypeBody, c.text_primary, error_, w - 24, 20, 8);
    say_text(box(x, y, w, h), error_);
    y += h + 8;
  } else if (docs_.empty()) {
    y += text_wrap(x, y, tokens::kTypeBody, c.text_tertiary,
                   "Type or paste YAML or JSON, or drop a file on this page.", w);
  }
  end_area(y + 12);
}

void CreatePage::actions(App& app, const Rect& r) {
  hline(r.Min.x, r.Max.x, r.Min.y, col().border_default);
  std::string_view why;
  const bool may = app.may_change(&why);
  const bool ready = may && !docs_.empty() && error_.empty() && !busy_;
  const float y = r.Min.y + 12;
  float x = r.Max.x - 24;
  const size_t left = docs_.size() - static_cast<size_t>(made_);
  if (all(Doc::State::kMade)) {
    if (button_left_of(x, y, "Start anew", {.kind = ButtonKind::kSecondary})) editor_.set_text("");
  } else {
    const std::string label = left < 2 ? "Create" : "Create " + std::to_string(left) + " objects";
    // A try comes first; what was refused there is refused again, so it may be sent regardless.
    if (button_left_of(x, y, label,
                       {.kind = ButtonKind::kPrimary,
                        .disabled = !ready || !tried_,
                        .tip = !may     ? why
                               : tried_ ? ""
                                        : "Try it first"}))
      send(app, false);
    if (button_left_of(x, y, "Try it (dry run)",
                       {.disabled = !ready, .busy = busy_ && !tried_, .tip = why}))
      send(app, true);
  }
  key_cap(x - key_cap_width("Ctrl S"), y + 6, "Ctrl S");
  const ImGuiIO& io = ImGui::GetIO();
  if ((io.KeyCtrl || io.KeySuper) && ImGui::IsKeyPressed(ImGuiKey_S, false) && ready)
    send(app, !tried_);
}

void CreatePage::draw_content(Frame& f) {
  App& app = f.app;
  const Rect& a = f.area;
  const Discovery& discovery = app.cluster(cluster_).discovery;
  if (!begun_ && !discovery.loaded() && discovery.error().empty())
    return skeleton_rows(Rect(a.Min.x, a.Min.y + 96, a.Max.x, a.Max.y), 40);
  // Asked for again from another list: what was typed and not made stays.
  if (begun_ && f.route.query != wanted_.query) {
    wanted_ = f.route;
    if (!unsaved()) begun_ = false;
  }
  if (!begun_) begin(app);
  read(app);
  const bool wide = a.GetWidth() > 760;
  const Rect bar(a.Min.x, a.Max.y - tokens::kShellActionBar, a.Max.x, a.Max.y);
  head(app, box(a.Min.x, a.Min.y, a.GetWidth(), 64));
  Rect body(a.Min.x, a.Min.y + 64, a.Max.x, bar.Min.y);
  Rect list(body.Max.x - tokens::kShellSidePanelNarrow, body.Min.y, body.Max.x, body.Max.y);
  if (wide) {
    body.Max.x = list.Min.x;
  } else {
    const float mid = std::round(body.Min.y + body.GetHeight() * 0.55f);
    list = Rect(body.Min.x, mid, body.Max.x, body.Max.y);
    body.Max.y = mid;
    hline(body.Min.x, body.Max.x, mid, col().border_default);
  }
  editor_.draw(body, false);
  side(app, list);
  actions(app, bar);
}

}  // namespace

void register_create(PageSet& set) {
  set.add("c/*/create", [](const Route& r) { return std::make_unique<CreatePage>(r); });
}

}  // namespace web

#include "web/pages/object_yaml.h"

#include "engine/base/yaml.h"
#include "web/pages/app.h"

namespace web {
namespace {

Json without_managed(Json object) {
  if (Json* meta = object.find("metadata"); meta != nullptr) meta->erase("managedFields");
  return object;
}

// "line 12" or "12:3" of a message, 0 when there is none.
int line_of(std::string_view message) {
  const size_t at = message.find("line ");
  if (at == message.npos) return 0;
  int n = 0;
  for (size_t i = at + 5; i < message.size() && message[i] >= '0' && message[i] <= '9'; i++)
    n = n * 10 + (message[i] - '0');
  return n;
}

}  // namespace

std::string ObjectYaml::shown_text(const Json& object) const {
  std::string text = engine::to_yaml(managed_ ? object : without_managed(object));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

void ObjectYaml::load(const Json& object) {
  base_ = latest_ = object;
  const std::string text = shown_text(object);
  editor_.set_text(text);
  editor_.set_base(text);
  loaded_ = true;
  dirty_ = conflict_ = review_ = false;
  changes_.clear();
  parse_error_.clear();
  save_error_.clear();
  checked_ = editor_.version();
}

void ObjectYaml::show(const Json& object) {
  if (loaded_ &&
      object.str({"metadata", "resourceVersion"}) == latest_.str({"metadata", "resourceVersion"}))
    return;
  latest_ = object;
  if (!loaded_ || !dirty_) {
    load(object);
    return;
  }
  // A status that moves on is no conflict: it is not saved here.
  Json a = without_managed(base_), b = without_managed(object);
  a.erase("status");
  b.erase("status");
  for (Json* o : {&a, &b}) {
    if (Json* meta = o->find("metadata"); meta != nullptr)
      meta->erase("resourceVersion"), meta->erase("generation");
  }
  if (!(a == b)) {
    conflict_ = true;
  } else if (Json* meta = base_.find("metadata"); meta != nullptr) {
    meta->set("resourceVersion", object.str({"metadata", "resourceVersion"}));
    if (Json* mine = edited_.find("metadata"); mine != nullptr)
      mine->set("resourceVersion", object.str({"metadata", "resourceVersion"}));
  }
}

void ObjectYaml::check() {
  if (checked_ == editor_.version()) return;
  checked_ = editor_.version();
  dry_asked_ = dry_done_ = false;
  save_error_.clear();
  auto parsed = engine::parse_yaml(editor_.text());
  editor_.set_error(0);
  if (!parsed) {
    parse_error_ = parsed.error().message();
    editor_.set_error(line_of(parse_error_));
    dirty_ = true;
    return;
  }
  parse_error_.clear();
  edited_ = std::move(*parsed);
  changes_ = json_changes(managed_ ? base_ : without_managed(base_), edited_);
  std::erase_if(changes_, [](const JsonChange& c) {
    return !c.path.empty() && c.path.back() == "resourceVersion" && c.path.size() == 2;
  });
  dirty_ = !changes_.empty();
}

Json ObjectYaml::to_send() const {
  Json out = edited_;
  out.make({"metadata"}).set("resourceVersion", base_.str({"metadata", "resourceVersion"}));
  if (!managed_) {
    if (const Json* fields = base_.at({"metadata", "managedFields"}))
      out.make({"metadata"}).set("managedFields", *fields);
  }
  return out;
}

void ObjectYaml::review(App& app, const std::string& url) {
  review_ = true;
  if (dry_asked_) return;
  dry_asked_ = true;
  dry_error_.clear();
  app.api.send("PUT", url + "?dryRun=All&fieldValidation=Strict", to_send(),
               alive_.guard([this](Result<Json> answer) {
                 dry_done_ = true;
                 if (!answer) dry_error_ = answer.error().message();
                 if (!answer && answer.error().code() == 409) conflict_ = true;
               }));
}

void ObjectYaml::save(App& app, const std::string& url) {
  if (saving_ || !parse_error_.empty() || changes_.empty()) return;
  saving_ = true;
  save_error_.clear();
  app.api.send("PUT", url, to_send(), alive_.guard([this, &app](Result<Json> answer) {
    saving_ = false;
    if (answer) {
      const std::string name(answer->str({"metadata", "name"}));
      const size_t n = changes_.size();
      load(*answer);
      app.toast(Tone::kSuccess, "Saved " + name,
                std::to_string(n) + (n == 1 ? " change" : " changes"));
      return;
    }
    if (answer.error().code() == 409)
      conflict_ = true;
    else
      save_error_ = answer.error().message();
  }));
}

// My changes, laid on what the server has now.
void ObjectYaml::merge() {
  Json merged = managed_ ? latest_ : without_managed(latest_);
  const bool whole = apply_changes(merged, changes_);
  base_ = latest_;
  editor_.set_base(shown_text(base_));
  std::string text = engine::to_yaml(merged);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  editor_.set_text(text);
  conflict_ = false;
  checked_ = 0;
  check();
  if (!whole)
    save_error_ = "A part that you changed is no longer there; look at the review before you save.";
}

void ObjectYaml::tools(App& app, const Rect& r) {
  const auto& c = col();
  static constexpr std::string_view modes[] = {"Edit", "Review changes"};
  float w = 0;
  const int pressed = segmented(r.Min.x + 16, r.Min.y + 7, modes, 2, review_ ? 1 : 0, &w);
  float x = r.Min.x + 16 + w + 12;
  if (pressed == 0) review_ = false;
  if (pressed == 1) review_ = true;
  if (review_) {
    vline(x, r.Min.y + 14, r.Min.y + 30, c.border_default);
    x += 8;
    if (icon_button(x, r.Min.y + 6, tokens::kIconArrowUp, "Previous change").pressed)
      editor_.go_to_change(-1);
    x += 32;
    if (icon_button(x, r.Min.y + 6, tokens::kIconArrowDown, "Next change").pressed)
      editor_.go_to_change(1);
    x += 38;
    const std::string n = "Change " + std::to_string(editor_.current_change()) + " of " +
                          std::to_string(editor_.changes());
    text(x, r.Min.y, tokens::kTypeBody, c.text_secondary, n, 44);
  }
  float right = r.Max.x - 12;
  if (button_left_of(right, r.Min.y + 6, "Copy",
                     {.kind = ButtonKind::kGhost, .icon = tokens::kIconContentCopy}))
    app.copy(editor_.text(), "YAML");
  const char* label = managed_ ? "Managed fields shown" : "Managed fields hidden";
  if (r.GetWidth() > 700 &&
      button_left_of(right, r.Min.y + 6, label,
                     {.kind = ButtonKind::kGhost,
                      .icon = managed_ ? tokens::kIconEyeOutline : tokens::kIconEyeOffOutline,
                      .disabled = dirty_,
                      .tip = dirty_ ? "Save or discard first" : ""})) {
    managed_ = !managed_;
    load(latest_);
  }
}

void ObjectYaml::side(App& app, const Rect& r) {
  const auto& c = col();
  vline(r.Min.x, r.Min.y, r.Max.y, c.border_default);
  if (!begin_area("side", r)) return end_area();
  const float x = r.Min.x + 20, w = r.GetWidth() - 40;
  float y = r.Min.y + 12 - ImGui::GetScrollY();
  text(x, y, tokens::kTypeSection, c.text_primary, "What changes", 24);
  const std::string n =
      std::to_string(changes_.size()) + (changes_.size() == 1 ? " change" : " changes");
  text_right(r.Max.x - 20, y, tokens::kTypeSmall, c.text_tertiary, n, 24);
  ui().mirror.say(id_of("changes"), Role::kStatus, n, place(box(x, y, w, 24)));
  y += 34;
  if (changes_.empty()) {
    text_wrap(x, y, tokens::kTypeBody, c.text_tertiary,
              "Nothing yet. Type in the text; what you change is told here.", w);
    y += 48;
  }
  for (const JsonChange& change : changes_) {
    const bool added = change.kind == JsonChange::Kind::kAdded,
               removed = change.kind == JsonChange::Kind::kRemoved;
    icon(x, y + 2, 16,
         added     ? c.state_success_solid
         : removed ? c.state_error_solid
                   : c.state_info_solid,
         added     ? tokens::kIconPlusCircleOutline
         : removed ? tokens::kIconMinusCircleOutline
                   : tokens::kIconPencilOutline);
    text_fit(x + 24, y, tokens::kTypeBodyStrong, c.text_primary, change.title(), w - 24);
    text_fit(x + 24, y + 19, tokens::kTypeSmall, c.text_secondary, change.words(), w - 24, 18);
    say_text(box(x, y, w, 38), change.title() + ": " + change.words());
    y += 46;
  }
  hline(x, r.Max.x - 20, y + 2, c.border_default);
  y += 16;
  text(x, y, tokens::kTypeSection, c.text_primary, "Checked on the server", 24);
  y += 32;
  auto line = [&](Tone tone, std::string_view words) {
    tone_mark(x, y + 2, 16, tone);
    const float h = text_wrap(x + 24, y, tokens::kTypeBody, c.text_primary, words, w - 24, 20, 8);
    say_text(box(x, y, w, h), words);
    y += h + 8;
  };
  if (!parse_error_.empty())
    line(Tone::kError, parse_error_);
  else if (!dirty_)
    line(Tone::kNeutral, "Nothing to check");
  else if (!dry_asked_)
    line(Tone::kNeutral, "Not tried yet: review the changes");
  else if (!dry_done_)
    line(Tone::kTransitioning, "Trying it (dry run)");
  else if (!dry_error_.empty())
    line(Tone::kError, dry_error_);
  else
    line(Tone::kSuccess, "Dry run accepted");
  if (conflict_)
    line(Tone::kWarning, "Somebody else changed it since you opened it");
  else if (dirty_)
    line(Tone::kSuccess, "Nobody else changed it since you opened it");
  if (!save_error_.empty()) line(Tone::kError, save_error_);
  const std::string path = editor_.path_at_caret();
  if (!path.empty() && editor_.focused()) {
    hline(x, r.Max.x - 20, y + 2, c.border_default);
    text_wrap(x, y + 14, tokens::kTypeCode, c.code_key, path, w, 20, 4);
    y += 60;
  }
  end_area(y + 8);
  (void)app;
}

void ObjectYaml::actions(App& app, const Rect& r, const std::string& url, bool may_update) {
  hline(r.Min.x, r.Max.x, r.Min.y, col().border_default);
  std::string_view why = may_update ? "" : "You may not change this object";
  const bool may = may_update && app.may_change(&why);
  const float y = r.Min.y + 12;
  if (button(r.Min.x + 12, y, "Discard", {.kind = ButtonKind::kGhost, .disabled = !dirty_}))
    load(latest_);
  float x = r.Max.x - 24;
  const std::string n = std::to_string(changes_.size());
  if (conflict_) {
    if (button_left_of(x, y, "Merge my changes",
                       {.kind = ButtonKind::kPrimary, .disabled = !parse_error_.empty()}))
      merge();
    if (button_left_of(x, y, "Take theirs")) load(latest_);
    return;
  }
  const bool ready = dirty_ && may && parse_error_.empty();
  if (!review_) {
    if (button_left_of(x, y, "Review changes",
                       {.kind = ButtonKind::kPrimary, .disabled = !ready, .tip = why}))
      review(app, url);
  } else {
    const std::string label = changes_.size() == 1 ? "Save 1 change" : "Save " + n + " changes";
    if (button_left_of(
            x, y, label,
            {.kind = ButtonKind::kPrimary, .disabled = !ready, .busy = saving_, .tip = why}))
      save(app, url);
    if (button_left_of(x, y, "Back to editing")) review_ = false;
  }
  key_cap(x - key_cap_width("Ctrl S"), y + 6, "Ctrl S");
  const ImGuiIO& io = ImGui::GetIO();
  if ((io.KeyCtrl || io.KeySuper) && ImGui::IsKeyPressed(ImGuiKey_S, false) && ready) {
    if (review_)
      save(app, url);
    else
      review(app, url);
  }
}

void ObjectYaml::draw(App& app, const Rect& r, const std::string& url, bool may_update) {
  editor_.set_read_only(!may_update);
  check();
  const float side_w = r.GetWidth() > 900 ? tokens::kShellSidePanelNarrow : 0;
  const Rect tools_r(r.Min.x, r.Min.y, r.Max.x - side_w, r.Min.y + 44);
  const Rect bar(r.Min.x, r.Max.y - tokens::kShellActionBar, r.Max.x, r.Max.y);
  tools(app, tools_r);
  hline(tools_r.Min.x, tools_r.Max.x, tools_r.Max.y - 1, col().border_default);
  Rect body(r.Min.x, tools_r.Max.y, tools_r.Max.x, bar.Min.y);
  if (review_) {
    if (!dry_asked_ && dirty_ && parse_error_.empty()) review(app, url);
    const float mid = std::round(body.Min.x + (body.GetWidth() - 10) / 2);
    float x = body.Min.x + 12;
    x += text(x, body.Min.y, tokens::kTypeSection, col().text_primary, "On the cluster", 36) + 10;
    text_fit(x, body.Min.y, tokens::kTypeSmall, col().text_tertiary,
             "version " + std::string(base_.str({"metadata", "resourceVersion"})), mid - x - 8, 36);
    x = mid + 12;
    x += text(x, body.Min.y, tokens::kTypeSection, col().text_primary, "Your edit", 36) + 10;
    text(x, body.Min.y, tokens::kTypeSmall, col().text_tertiary, "you can type here", 36);
    vline(mid, body.Min.y, body.Min.y + 36, col().border_default);
    hline(body.Min.x, body.Max.x, body.Min.y + 35, col().border_default);
    body.Min.y += 36;
  }
  editor_.draw(body, review_);
  if (side_w > 0) side(app, Rect(r.Max.x - side_w, r.Min.y, r.Max.x, bar.Min.y));
  actions(app, bar, url, may_update);
}

}  // namespace web

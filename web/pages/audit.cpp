// Audit: what was done here, by whom, from where, and what changed by it.
#include "engine/base/json.h"
#include "web/pages/list_page.h"

namespace web {
namespace {

constexpr const char* kPaths[] = {"/v3/auditlogs", "/v3/auditlogs?result=refused",
                                  "/v3/auditlogs?result=failed", "/v3/auditlogs?verb=login"};
constexpr std::string_view kChoices[] = {"All", "Refused", "Failed", "Logins"};
constexpr int kChoiceCount = 4;

std::string what_of(const Json& record) {
  std::string out(record.str("resource"));
  for (std::string_view part : {"namespace", "name", "subresource"})
    if (std::string_view word = record.str(part); !word.empty())
      out.append(out.empty() ? "" : "/").append(word);
  return out.empty() ? std::string(record.str("path")) : out;
}

Tone tone_of(std::string_view result) {
  if (result == "ok") return Tone::kSuccess;
  return result == "refused" ? Tone::kWarning : Tone::kError;
}

class AuditPage final : public ListPage {
 public:
  AuditPage() {
    list_.columns = {{"age", "Age", 80, 0, true, true, 1},
                     {"state", "Result", 110, 0},
                     {"user", "Who", 170, 1},
                     {"verb", "Did", 110, 0},
                     {"what", "What", 300, 2},
                     {"cluster", "Cluster", 110, 0, false, true, 3},
                     {"from", "From", 130, 0, false, true, 4}};
    list_.grid.sort = "age";
    list_.menu = [this](const std::string& id) { menu(id); };
    list_.opened = [this](const std::string& id) { show(id); };
  }
  std::string title(App&) override { return "Audit"; }

 private:
  SimpleRow row_of(const Json& r) override {
    SimpleRow row;
    row.key = r.str("id");
    std::string who(r.str("user"));
    if (std::string_view as = r.str("as"); !as.empty()) who.append(" as ").append(as);
    const std::string what = what_of(r);
    row.name = std::string(r.str("verb")) + " " + what;
    row.haystack = who + " " + row.name + " " + std::string(r.str("cluster")) + " " +
                   std::string(r.str("from"));
    row.cells = {{SimpleCell::Kind::kAge, "", Tone::kNeutral, parse_time(r.str("time"))},
                 {SimpleCell::Kind::kState, std::string(r.str("result")), tone_of(r.str("result"))},
                 {SimpleCell::Kind::kName, who},
                 {SimpleCell::Kind::kText, std::string(r.str("verb"))},
                 {SimpleCell::Kind::kMono, what},
                 {SimpleCell::Kind::kText, std::string(r.str("cluster", "\xe2\x80\x93"))},
                 {SimpleCell::Kind::kMono, std::string(r.str("from", "\xe2\x80\x93"))}};
    return row;
  }
  Collection& records() { return app_->v3.collection("auditLog", kPaths[choice_]); }

  // The record as lines: what it says, then each change.
  void show(const std::string& id) {
    const Json* r = records().find(id);
    if (r == nullptr) return;
    lines_.clear();
    for (std::string_view key : {"time", "user", "as", "token", "from", "agent", "verb", "cluster",
                                 "resource", "namespace", "name", "path", "code", "why"})
      if (const Json* value = r->find(key))
        lines_.push_back(std::string(key) + ": " +
                         (value->is_string() ? value->as_string() : engine::dump(*value)));
    const Json* changes = r->find("changes");
    if (changes != nullptr && changes->is_array())
      for (const Json& change : changes->as_array()) add_change(change);
    opening_ = true;
  }
  void add_change(const Json& change) {
    lines_.push_back(std::string(change.str("did")) + " " + what_of(change));
    const Json* difference = change.find("difference");
    if (difference == nullptr || !difference->is_array()) return;
    auto shown = [](const Json* value) { return value ? engine::dump(*value) : std::string("-"); };
    for (const Json& one : difference->as_array())
      lines_.push_back("   " + std::string(one.str("path")) + ": " + shown(one.find("from")) +
                       " > " + shown(one.find("to")));
  }

  void menu(const std::string& id) {
    const Json* r = records().find(id);
    if (r == nullptr) return;
    if (menu_item(tokens::kIconHistory, "Show")) show(id);
    if (menu_item(tokens::kIconContentCopy, "Copy as JSON")) app_->copy(engine::dump(*r), id);
  }

  void dialog() {
    if (opening_) open_dialog("Audit record");
    opening_ = false;
    Rect r;
    const float h = ImMin(130 + 20 * static_cast<float>(lines_.size()), 640.0f);
    if (!begin_dialog("Audit record", tokens::kShellDialogMd, h, &r)) return;
    const float x = r.Min.x + 24, w = r.GetWidth() - 48;
    text(x, r.Min.y + 18, tokens::kTypeHeading, col().text_primary, "Audit record");
    float y = r.Min.y + 52;
    for (const std::string& line : lines_) {
      if (y > r.Max.y - 80) break;
      text_fit(x, y, tokens::kTypeCode, col().text_secondary, line, w, 20);
      say_text(box(x, y, w, 20), line);
      y += 20;
    }
    float right = r.Max.x - 24;
    if (button_left_of(right, r.Max.y - 52, "Close", {.kind = ButtonKind::kPrimary}))
      ImGui::CloseCurrentPopup();
    end_dialog();
  }

  void draw_content(Frame& f) override {
    app_ = &f.app;
    head(f.area, "Audit", "", "", 0);
    const int chosen =
        segmented(f.area.Min.x + 110, f.area.Min.y + 16, kChoices, kChoiceCount, choice_);
    if (chosen >= 0 && chosen != choice_) {
      choice_ = chosen;
      seen_ = ~0ull;
      if (records().loaded) app_->v3.reload(records());
    }
    if (first_) {
      first_ = false;
      if (records().loaded) app_->v3.reload(records());
    }
    body(f.area, records(), {.select = false, .label = "Audit"}, "The audit cannot be read");
    dialog();
  }

  std::vector<std::string> lines_;
  int choice_ = 0;
  bool opening_ = false, first_ = true;
};

}  // namespace

void register_audit(PageSet& set) {
  set.add("audit", [](const Route&) { return std::make_unique<AuditPage>(); });
}

}  // namespace web

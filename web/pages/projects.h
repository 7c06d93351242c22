// ProjectsPage: the namespaces of a cluster under their projects, those without one last; and what
// a question before deleting a project says. Thread: the one thread. Owns: the rows, the dialogs.
#pragma once

#include <string>
#include <vector>

#include "web/pages/delete_dialog.h"
#include "web/pages/namespace_limits.h"
#include "web/pages/namespaces.h"
#include "web/pages/quotas.h"
#include "web/widgets/grid.h"

namespace web {

// Asks before the project goes: says what becomes of its namespaces and members.
void ask_project_removal(App& app, DeleteDialog& dialog, const Json& project,
                         std::function<void()> done = {});
std::string project_note(const Json& project);  // "default", "system" or nothing
std::vector<std::string> namespaces_in(App& app, const std::string& cluster,
                                       std::string_view project);

class ProjectsPage final : public Page, public GridSource {
 public:
  explicit ProjectsPage(const Route& r) : cluster_(r.part(1)) { grid_.sort = "name"; }
  std::string title(App&) override { return "Projects and namespaces"; }

 private:
  struct Line {
    std::string key, name, project, state, note, quota, reason;
    Tone tone = Tone::kNeutral;
    int64_t created = 0;
    bool heading = false;
    size_t inside = 0;  // namespaces of a project
    std::vector<QuotaUse> uses;
  };

  void draw_content(Frame& f) override;
  void collect();
  Line project_line(const Json* project, std::string_view id) const;
  static Line namespace_line(const Json& ns);
  void toolbar(const Rect& r);
  void draw_body(const Rect& r, Collection& projects, Collection& spaces);
  void project_menu(const Line& l);
  void namespace_menu(const Line& l);
  void ask_namespaces(std::vector<std::string> names);

  int count() override { return static_cast<int>(lines_.size()); }
  uint64_t version() override { return version_; }
  std::string_view key(int row) override { return at(row).key; }
  std::string name(int row) override { return at(row).name; }
  std::string href(int row) override;
  bool heading(int row) override { return at(row).heading; }
  bool second_line(int row) override { return !at(row).reason.empty(); }
  void draw_second(Grid& grid, int row, const Rect& r) override;
  void draw_heading(Grid& grid, int row, const Rect& r) override;
  void draw_cell(Grid& grid, int row, int column, const Rect& r, const RowLook& look) override;
  std::string cell_words(int row, int column) override;
  void row_menu(int row) override;
  void open(int row, const Hit& how) override;
  const Line& at(int row) const { return lines_[static_cast<size_t>(row)]; }

  App* app_ = nullptr;
  std::string cluster_, filter_, seen_;
  std::vector<Line> lines_;
  uint64_t version_ = 1;
  Grid grid_;
  DeleteDialog delete_;
  NamespaceDialog create_;
  MoveDialog move_;
  LimitsDialog limits_;
};

}  // namespace web

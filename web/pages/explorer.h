// ExplorerPage: the objects of any kind of a cluster, as its server's Table shows them, live.
// explorer.cpp has columns, order, actions; explorer_cells.cpp what the cells show.
// Thread: the one thread. Owns: the list, its order and filter.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "web/pages/actions.h"
#include "web/pages/app.h"
#include "web/pages/delete_dialog.h"
#include "web/pages/dock.h"
#include "web/pages/namespace_filter.h"
#include "web/pages/reasons.h"
#include "web/pages/usage.h"
#include "web/widgets/grid.h"

namespace web {

// Columns that are not the server's.
enum Special {
  kStateColumn = -1,
  kNamespaceColumn = -2,
  kAgeColumn = -3,
  kCpuColumn = -4,
  kMemoryColumn = -5
};

struct Shown {
  int cell;  // of the row, or a Special
  GridColumn grid;
};

bool is_word(std::string_view name, std::initializer_list<std::string_view> words);

class ExplorerPage final : public Page, public GridSource {
 public:
  explicit ExplorerPage(const Route& r)
      : cluster_(r.part(1)), group_(r.part(3) == "core" ? "" : r.part(3)), plural_(r.part(4)) {}
  std::string title(App&) override { return label_.empty() ? plural_ : label_; }

  int count() override { return static_cast<int>(order_.size()); }
  uint64_t version() override { return version_; }
  std::string_view key(int row) override { return at(row).uid(); }
  std::string name(int row) override { return std::string(at(row).name()); }
  std::string href(int row) override {
    return object_url(cluster_, list_->kind(), at(row).ns(), at(row).name());
  }
  bool second_line(int row) override { return !reasons_.of(at(row).uid()).empty(); }
  double changed(int row) override { return at(row).changed; }
  std::string cell_words(int row, int column) override;
  void draw_cell(Grid& grid, int row, int column, const Rect& r, const RowLook& look) override;
  void draw_second(Grid& grid, int row, const Rect& r) override;
  void row_menu(int row) override;
  void open(int row, const Hit& how) override { app_->follow(href(row), how); }

 private:
  void draw_content(Frame& f) override;
  void draw_head(const Rect& r);
  void draw_actions(const Rect& r, float x_min);
  void draw_plain(const TableRow& row, const Shown& column, const Rect& r);
  void draw_body(const Rect& r);
  void row_keys();
  void choose_columns();
  void order();
  const TableRow& at(int row) const { return list_->rows()[order_[static_cast<size_t>(row)]]; }
  std::string_view state_of(const TableRow& row) const;
  Tone tone_of_row(const TableRow& row) const;
  PodRef pod(int row) const {
    return {cluster_, std::string(at(row).ns()), std::string(at(row).name()), {}};
  }
  void ask_delete(std::vector<std::string> uids);
  bool pods() const { return group_.empty() && plural_ == "pods"; }
  bool measured() const { return pods() || is_node(list_->kind()); }
  std::string url_of(int row) const {
    return app_->cluster(cluster_).base + list_->kind().object_path(at(row).ns(), at(row).name());
  }
  std::string use_words(const TableRow& row, int cell) const;
  void workload_items(int row, bool may, std::string_view why);

  std::string cluster_, group_, plural_, label_;
  App* app_ = nullptr;
  std::unique_ptr<TableList> list_;
  NamespaceFilter spaces_;
  Reasons reasons_;
  Usage usage_;
  ScaleDialog scale_;
  Grid grid_;
  DeleteDialog delete_;
  std::string filter_;
  bool focus_filter_ = false, read_url_ = false;
  std::vector<Shown> columns_;
  std::vector<GridColumn> grid_columns_;
  std::vector<uint32_t> order_;
  int state_cell_ = -1, ready_cell_ = -1;
  uint64_t version_ = 1, seen_ = ~0ull, columns_for_ = 0;
  bool columns_with_use_ = false;
  std::string seen_key_;
  double ordered_at_ = 0, loading_since_ = 0;
};

}  // namespace web

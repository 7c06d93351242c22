// Related: what belongs to an object: its pods, its owners, what it owns and what it uses.
// Thread: the one thread. Owns: the list of pods and the answers about what it owns.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "web/client/lifetime.h"
#include "web/client/table_list.h"
#include "web/pages/usage.h"
#include "web/widgets/grid.h"

namespace web {

class App;

// "labelSelector=..." or "fieldSelector=..." for the pods of a workload, a service or a node; empty
// where a kind has none.
std::string pod_query(const ApiKind& kind, const Json& object);

class PodsOf final : public GridSource {
 public:
  void draw(App& app, const std::string& cluster, const Rect& r, const ApiKind& owner,
            const Json& object);
  int known_count() const { return list_ == nullptr ? -1 : static_cast<int>(order_.size()); }

  int count() override { return static_cast<int>(order_.size()); }
  uint64_t version() override { return version_; }
  std::string_view key(int row) override { return at(row).uid(); }
  std::string name(int row) override { return std::string(at(row).name()); }
  std::string href(int row) override;
  double changed(int row) override { return at(row).changed; }
  void draw_cell(Grid& grid, int row, int column, const Rect& r, const RowLook& look) override;
  std::string cell_words(int row, int column) override;
  void row_menu(int row) override;
  void open(int row, const Hit& how) override;

 private:
  const TableRow& at(int row) const { return list_->rows()[order_[static_cast<size_t>(row)]]; }
  std::string_view cell(int row, std::string_view title) const;
  void order();
  void start(const ApiKind& owner, const Json& object);

  App* app_ = nullptr;
  std::string cluster_, query_;
  std::unique_ptr<TableList> list_;
  Usage usage_;
  Grid grid_;
  std::vector<GridColumn> columns_;
  std::vector<uint32_t> order_;
  uint64_t version_ = 1, seen_ = ~0ull;
  std::string seen_sort_;
};

class Related {
 public:
  void draw(App& app, const std::string& cluster, const Rect& r, const ApiKind& kind,
            const Json& object);

 private:
  struct Line {
    std::string kind, ns, name, href, note;
  };
  void ask(App& app, const std::string& cluster, const ApiKind& kind, const Json& object);
  float section(App& app, float x, float y, float w, const char* title,
                const std::vector<Line>& lines, const char* none);
  static std::vector<Line> owners(App& app, const std::string& cluster, const Json& object);
  static std::vector<Line> uses(App& app, const std::string& cluster, const Json& object);

  std::vector<Line> owns_;
  int waiting_ = 0;
  double asked_at_ = -1e9;
  std::string failed_;
  Lifetime alive_;
};

}  // namespace web

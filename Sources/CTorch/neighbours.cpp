// Who is near whom among features of pictures: the distances to the nearest neighbours within a set, and which points
// of one set lie in the balls around those of another.
//
// Distances come tile by tile from float32 products of points that are centred first, each with a bound of what it may
// be wrong by; where the bound leaves a comparison open, the distance is computed anew in float64 from the differences.
// So every answer is that of float64, on any processor and for any number of threads, at the speed of float32, and
// memory grows with N + M.
#include "Internal.h"
#include "matrix_product.h"
#include "parallel.h"
#include "vector_math.h"

#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <limits>
#include <vector>

namespace ctorch {
namespace {

constexpr int64_t tile_side = 1024;
/// Half of float's spacing at 1.
constexpr double rounding = 0x1p-24;

/// Points as rows of floats.
struct Points {
  const float *rows;
  int64_t count;
  int64_t dimensions;
  const float *operator[](int64_t index) const { return rows + index * dimensions; }
};

/// |a - b|^2 in float64, lanes counted alike at every level of instructions.
CT_WIDE_KERNEL(double, squared_distance, (const float *a, const float *b, int64_t count), (a, b, count)) {
  Wide<double> sums[2] = {};
  typedef float Half __attribute__((vector_size(32)));
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    for (int part = 0; part < 2; part++) {
      Half x, y;
      load(a + i + 8 * part, x);
      load(b + i + 8 * part, y);
      const Wide<double> d = __builtin_convertvector(x, Wide<double>) - __builtin_convertvector(y, Wide<double>);
      sums[part] += d * d;
    }
  }
  double rest = 0;
  for (; i < count; i++) {
    const double d = static_cast<double>(a[i]) - b[i];
    rest += d * d;
  }
  const Wide<double> both = sums[0] + sums[1];
  for (int lane = 0; lane < 8; lane++) rest += both[lane];
  return rest;
}

/// The numbers of the columns for which own + norm - 2 dot - own_error root <= max(own_limit, limit): of one row of a
/// tile, the lower bound of the squared distance against the larger limit of both points.
CT_WIDE_KERNEL(int, near_columns,
               (const float *dot, const float *norm, const float *root, const float *limit, float own, float own_error,
                float own_limit, int count, int32_t *found),
               (dot, norm, root, limit, own, own_error, own_limit, count, found)) {
  constexpr int group = 32;
  int number = 0;
  const auto is_near = [&](int j) {
    const float lower = own + norm[j] - 2 * dot[j] - own_error * root[j];
    return lower <= (limit[j] > own_limit ? limit[j] : own_limit);
  };
  for (int first = 0; first < count; first += group) {
    const int last = first + group < count ? first + group : count;
    int any = 0;
    for (int j = first; j < last; j++) any |= is_near(j);
    if (!any) continue;
    for (int j = first; j < last; j++)
      if (is_near(j)) found[number++] = j;
  }
  return number;
}

/// The mean of a set, around which distances are taken so that less cancels.
std::vector<double> centre_of(const Points &points) {
  std::vector<double> centre(points.dimensions);
  for (int64_t i = 0; i < points.count; i++)
    for (int64_t j = 0; j < points.dimensions; j++) centre[j] += points[i][j];
  for (auto &value : centre) value /= static_cast<double>(points.count);
  return centre;
}

/// Some rows of a set, centred, with what bounds are made of.
struct Panel {
  int64_t first = 0, count = 0;
  std::vector<float> rows;
  /// |x|^2, made smaller by what rounding may have added; and |x|.
  std::vector<float> norm, root;

  void fill(const Points &points, const std::vector<double> &centre, int64_t from, int64_t size) {
    first = from;
    count = size;
    rows.resize(size * points.dimensions);
    norm.resize(size);
    root.resize(size);
    parallel_for(0, size, 16, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        const float *row = points[from + i];
        double sum = 0;
        for (int64_t j = 0; j < points.dimensions; j++) {
          const auto value = static_cast<float>(row[j] - centre[j]);
          rows[i * points.dimensions + j] = value;
          sum += static_cast<double>(value) * value;
        }
        norm[i] = static_cast<float>(sum * (1 - 64 * rounding));
        root[i] = static_cast<float>(std::sqrt(sum) * (1 + 8 * rounding));
      }
    });
    for (int64_t i = 0; i < size; i++)
      TORCH_CHECK(norm[i] < 1e37f, "the features of row ", from + i,
                  " are not finite, or too large for their distances");
  }
};

/// What the lower bound of a squared distance is below its float32 value for each |x||y|: products are wrong by
/// dimensions times the rounding at most, in whatever order they are added.
float error_factor(int64_t dimensions) { return static_cast<float>(2 * 1.01 * rounding * (dimensions + 64)); }

/// Products of all rows of two panels.
at::Tensor products(const Panel &x, const Panel &y, int64_t dimensions) {
  const auto matrix = [&](const Panel &panel) {
    return at::from_blob(const_cast<float *>(panel.rows.data()), {panel.count, dimensions}, at::kFloat);
  };
  return times_transpose(matrix(x), matrix(y)).contiguous();
}

/// The lower and the upper bound of a squared distance.
struct Bounds {
  double lower, upper;
  Bounds(float dot, float x_norm, float y_norm, float x_root, float y_root, float factor) {
    // Norms stand 64 roundings too low; the true one may be as many above.
    const double sum = static_cast<double>(x_norm) + y_norm, error = static_cast<double>(factor) * x_root * y_root;
    lower = sum - 2.0 * dot - error - 64 * rounding * sum;
    upper = sum - 2.0 * dot + error + 256 * rounding * sum;
  }
};

/// A float that is not below `value`.
float at_least(double value) {
  const auto rounded = static_cast<float>(value);
  return rounded >= value ? rounded : std::nextafter(rounded, std::numeric_limits<float>::infinity());
}

/// Those among many that may be the `wanted` nearest of one point.
class Candidates {
public:
  static constexpr int capacity = 48;

  /// Nothing farther than this can be among them.
  float limit() const { return limit_; }
  bool overflowed() const { return overflowed_; }

  void add(int32_t index, const Bounds &bounds, int wanted) {
    if (overflowed_ || bounds.lower > upper_limit_) return;
    entries_.push_back({bounds.lower, bounds.upper, index});
    if (static_cast<int>(entries_.size()) < capacity) {
      // As soon as there are enough, there is a limit.
      if (static_cast<int>(entries_.size()) == wanted) prune(wanted);
      return;
    }
    prune(wanted);
    // So many that all may be as near as the last of the wanted: all points are looked at, later.
    if (static_cast<int>(entries_.size()) > capacity / 2 + wanted) {
      overflowed_ = true;
      limit_ = -std::numeric_limits<float>::infinity();
      entries_ = {};
    }
  }

  template <class Body> void for_each(Body body) const {
    for (const auto &entry : entries_)
      if (entry.lower <= upper_limit_) body(entry.index);
  }

private:
  struct Entry {
    double lower, upper;
    int32_t index;
  };
  std::vector<Entry> entries_;
  double upper_limit_ = std::numeric_limits<double>::infinity();
  float limit_ = std::numeric_limits<float>::infinity();
  bool overflowed_ = false;

  void prune(int wanted) {
    std::nth_element(entries_.begin(), entries_.begin() + (wanted - 1), entries_.end(),
                     [](const Entry &a, const Entry &b) { return a.upper < b.upper; });
    upper_limit_ = std::min(upper_limit_, entries_[wanted - 1].upper);
    limit_ = at_least(upper_limit_);
    std::erase_if(entries_, [&](const Entry &entry) { return entry.lower > upper_limit_; });
  }
};

/// The `wanted` smallest squared distances from `point` to candidates, ascending; to all of `points` but number `self`
/// where there were too many.
struct Nearest {
  double distance;
  int64_t index;
  bool operator<(const Nearest &other) const {
    return distance != other.distance ? distance < other.distance : index < other.index;
  }
};
std::vector<Nearest> nearest(const float *point, const Points &points, const Candidates &candidates, int64_t self,
                             int wanted) {
  std::vector<Nearest> found;
  const auto look = [&](int64_t index) {
    if (index != self) found.push_back({squared_distance(point, points[index], points.dimensions), index});
  };
  if (candidates.overflowed())
    for (int64_t index = 0; index < points.count; index++) look(index);
  else
    candidates.for_each(look);
  std::partial_sort(found.begin(), found.begin() + std::min<size_t>(wanted, found.size()), found.end());
  found.resize(std::min<size_t>(wanted, found.size()));
  return found;
}

void neighbour_distances(const Points &points, int wanted, double *squared) {
  const auto centre = centre_of(points);
  const float factor = error_factor(points.dimensions);
  std::vector<Candidates> candidates(points.count);
  const std::vector<float> no_limit(tile_side, -std::numeric_limits<float>::infinity());
  Panel rows, columns;
  for (int64_t top = 0; top < points.count; top += tile_side) {
    rows.fill(points, centre, top, std::min(tile_side, points.count - top));
    for (int64_t left = top; left < points.count; left += tile_side) {
      if (left > top) columns.fill(points, centre, left, std::min(tile_side, points.count - left));
      const Panel &other = left > top ? columns : rows;
      const auto dots = products(rows, other, points.dimensions);
      const auto *dot = dots.const_data_ptr<float>();
      parallel_for(0, rows.count, 16, [&](int64_t begin, int64_t end) {
        std::vector<int32_t> found(other.count);
        for (int64_t i = begin; i < end; i++) {
          Candidates &own = candidates[top + i];
          const int number = near_columns(
              dot + i * other.count, other.norm.data(), other.root.data(), no_limit.data(), rows.norm[i],
              factor * rows.root[i] * 1.0001f, own.limit(), static_cast<int>(other.count), found.data());
          for (int n = 0; n < number; n++) {
            const int64_t j = found[n];
            if (left + j == top + i) continue;
            own.add(static_cast<int32_t>(left + j),
                    Bounds(dot[i * other.count + j], rows.norm[i], other.norm[j], rows.root[i], other.root[j], factor),
                    wanted);
          }
        }
      });
      if (left == top) continue;
      // The same distances, seen from the columns.
      parallel_for(0, other.count, 64, [&](int64_t begin, int64_t end) {
        const int count = static_cast<int>(end - begin);
        std::vector<float> limits(count);
        std::vector<int32_t> found(count);
        for (int64_t i = 0; i < rows.count; i++) {
          for (int j = 0; j < count; j++) limits[j] = candidates[left + begin + j].limit();
          const int number = near_columns(
              dot + i * other.count + begin, other.norm.data() + begin, other.root.data() + begin, limits.data(),
              rows.norm[i], factor * rows.root[i] * 1.0001f, -std::numeric_limits<float>::infinity(), count,
              found.data());
          for (int n = 0; n < number; n++) {
            const int64_t j = begin + found[n];
            candidates[left + j].add(
                static_cast<int32_t>(top + i),
                Bounds(dot[i * other.count + j], rows.norm[i], other.norm[j], rows.root[i], other.root[j], factor),
                wanted);
          }
        }
      });
    }
  }
  parallel_for(0, points.count, 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const auto found = nearest(points[i], points, candidates[i], i, wanted);
      for (int n = 0; n < wanted; n++) squared[i * wanted + n] = found[n].distance;
    }
  });
}

void memberships(const Points &real, const Points &generated, const CTBalls &balls, const CTMemberships &result) {
  const auto centre = centre_of(real);
  const float factor = error_factor(real.dimensions);
  std::vector<Candidates> closest(generated.count);
  std::fill_n(result.generated_in_real, generated.count, 0);
  std::fill_n(result.real_in_generated, real.count, 0);
  std::fill_n(result.balls_around_generated, generated.count, 0);
  std::fill_n(result.real_ball_is_met, real.count, 0);
  Panel rows, columns;
  for (int64_t left = 0; left < generated.count; left += tile_side) {
    columns.fill(generated, centre, left, std::min(tile_side, generated.count - left));
    for (int64_t top = 0; top < real.count; top += tile_side) {
      rows.fill(real, centre, top, std::min(tile_side, real.count - top));
      const auto dots = products(rows, columns, real.dimensions);
      const auto *dot = dots.const_data_ptr<float>();
      // By columns, so that what belongs to a generated point is one thread's; what belongs to a real one is only ever
      // set.
      parallel_for(0, columns.count, 64, [&](int64_t begin, int64_t end) {
        const int count = static_cast<int>(end - begin);
        std::vector<float> limits(count), ball(count);
        std::vector<int32_t> found(count);
        for (int j = 0; j < count; j++) ball[j] = at_least(balls.generated[left + begin + j]);
        for (int64_t i = 0; i < rows.count; i++) {
          for (int j = 0; j < count; j++) limits[j] = std::max(ball[j], closest[left + begin + j].limit());
          const double inclusive = balls.real_inclusive[top + i], exclusive = balls.real_exclusive[top + i];
          const int number = near_columns(
              dot + i * columns.count + begin, columns.norm.data() + begin, columns.root.data() + begin, limits.data(),
              rows.norm[i], factor * rows.root[i] * 1.0001f, at_least(std::max(inclusive, exclusive)), count,
              found.data());
          for (int n = 0; n < number; n++) {
            const int64_t j = begin + found[n], generated_index = left + j, real_index = top + i;
            const Bounds bounds(dot[i * columns.count + j], rows.norm[i], columns.norm[j], rows.root[i],
                                columns.root[j], factor);
            closest[generated_index].add(static_cast<int32_t>(real_index), bounds, 1);
            double exact = -1;
            // Whether the distance is below a squared radius, or not above it.
            const auto within = [&](double radius, bool equal_counts) {
              if (bounds.upper < radius) return true;
              if (bounds.lower > radius) return false;
              if (exact < 0) exact = squared_distance(real[real_index], generated[generated_index], real.dimensions);
              return exact < radius || (equal_counts && exact == radius);
            };
            const bool strict = balls.strict;
            if (within(inclusive, !strict)) result.generated_in_real[generated_index] = 1;
            if (within(balls.generated[generated_index], !strict))
              __atomic_store_n(&result.real_in_generated[real_index], 1, __ATOMIC_RELAXED);
            if (within(exclusive, false)) {
              result.balls_around_generated[generated_index] += 1;
              __atomic_store_n(&result.real_ball_is_met[real_index], 1, __ATOMIC_RELAXED);
            }
          }
        }
      });
    }
  }
  parallel_for(0, generated.count, 16, [&](int64_t begin, int64_t end) {
    for (int64_t j = begin; j < end; j++) {
      const auto found = nearest(generated[j], real, closest[j], -1, 1);
      result.nearest_real[j] = found[0].index;
      result.nearest_squared[j] = found[0].distance;
    }
  });
}

}  // namespace
}  // namespace ctorch

CTensor *ct_neighbour_distances(const float *rows, int64_t count, int64_t dimensions, int wanted, double *squared) {
  using namespace ctorch;
  return attempt("neighbourDistances", {}, [&] {
    TORCH_CHECK(wanted >= 1 && count > wanted && count <= INT32_MAX && dimensions >= 1, count, " points of ",
                dimensions, " dimensions have no ", wanted, " neighbours each");
    neighbour_distances({rows, count, dimensions}, wanted, squared);
  });
}

CTensor *ct_memberships(const float *real, int64_t real_count, const float *generated, int64_t generated_count,
                        int64_t dimensions, const CTBalls *balls, const CTMemberships *result) {
  using namespace ctorch;
  return attempt("memberships", {}, [&] {
    TORCH_CHECK(real_count >= 1 && generated_count >= 1 && real_count <= INT32_MAX && dimensions >= 1,
                "there are no points on a side");
    memberships({real, real_count, dimensions}, {generated, generated_count, dimensions}, *balls, *result);
  });
}

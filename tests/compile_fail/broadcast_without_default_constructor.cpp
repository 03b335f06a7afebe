// FIRST ERROR: windrow cannot receive this type: a class with a serialize() needs a default constructor
#include "windrow/parallel/manager.hpp"

class Field {
 public:
  explicit Field(int its_size) : size(its_size) {}
  template <typename Archive>
  void serialize(Archive& archive, unsigned) {
    archive& size;
  }

 private:
  int size;
};

void run(windrow::ParallelManager& manager) {
  manager.broadcast(Field(1));
}

package sightline.hl7;

import ca.uhn.hl7v2.HL7Exception;
import ca.uhn.hl7v2.model.Composite;
import ca.uhn.hl7v2.model.Group;
import ca.uhn.hl7v2.model.Primitive;
import ca.uhn.hl7v2.model.Segment;
import ca.uhn.hl7v2.model.Structure;
import ca.uhn.hl7v2.model.Type;
import ca.uhn.hl7v2.model.Varies;
import java.util.ArrayList;
import java.util.List;

/**
 * What the parser lets pass and the definitions of v2.5.1 do not: what is missing, repeated too often, too long, or more
 * than is defined.
 */
final class StructureCheck {
  private final List<String> errors = new ArrayList<>();

  static List<String> errorsOf(Group message) throws HL7Exception {
    StructureCheck check = new StructureCheck();
    check.group(message);
    return check.errors;
  }

  private void group(Group group) throws HL7Exception {
    for (String name : group.getNames()) {
      Structure[] all = group.getAll(name);
      if (group.isRequired(name) && all.length == 0) {
        errors.add(group.getName() + " lacks " + name);
      }
      if (!group.isRepeating(name) && all.length > 1) {
        errors.add(group.getName() + " repeats " + name);
      }
      for (Structure one : all) {
        if (one instanceof Group inner) {
          group(inner);
        } else {
          segment((Segment) one);
        }
      }
    }
  }

  private void segment(Segment segment) throws HL7Exception {
    // An optional segment that is not there is made by the model on being asked for.
    if (segment.isEmpty()) {
      return;
    }
    for (int number = 1; number <= segment.numFields(); number++) {
      Type[] repetitions = segment.getField(number);
      String where = segment.getName() + "-" + number;
      if (segment.isRequired(number) && (repetitions.length == 0 || repetitions[0].isEmpty())) {
        errors.add(where + " is missing");
      }
      int most = segment.getMaxCardinality(number);
      if (most > 0 && repetitions.length > most) {
        errors.add(where + " is repeated");
      }
      for (Type one : repetitions) {
        int length = segment.getLength(number);
        if (hasLength(where, one) && one.encode().length() > length) {
          errors.add(where + " is longer than " + length);
        }
        type(where, one);
      }
    }
  }

  /**
   * Segments give lengths to composites that their own types exceed (EI: 22, and 427), and OBX-2 two characters, where
   * types have three. MSH-1 and MSH-2 are delimiters, which the model escapes.
   */
  private static boolean hasLength(String where, Type type) {
    return type instanceof Primitive && !List.of("MSH-1", "MSH-2", "OBX-2").contains(where);
  }

  private void type(String where, Type type) {
    Type inner = type instanceof Varies varies ? varies.getData() : type;
    if (inner.getExtraComponents().numComponents() > 0) {
      errors.add(where + " has more components than " + inner.getName());
    }
    if (inner instanceof Composite composite) {
      for (Type component : composite.getComponents()) {
        type(where, component);
      }
    }
  }
}

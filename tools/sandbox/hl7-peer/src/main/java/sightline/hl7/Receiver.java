package sightline.hl7;

import ca.uhn.hl7v2.AcknowledgmentCode;
import ca.uhn.hl7v2.ErrorCode;
import ca.uhn.hl7v2.HL7Exception;
import ca.uhn.hl7v2.HapiContext;
import ca.uhn.hl7v2.app.HL7Service;
import ca.uhn.hl7v2.model.Message;
import ca.uhn.hl7v2.model.Type;
import ca.uhn.hl7v2.model.v251.group.ORU_R01_OBSERVATION;
import ca.uhn.hl7v2.model.v251.group.ORU_R01_ORDER_OBSERVATION;
import ca.uhn.hl7v2.model.v251.message.ORU_R01;
import ca.uhn.hl7v2.model.v251.segment.OBX;
import ca.uhn.hl7v2.protocol.ReceivingApplication;
import ca.uhn.hl7v2.protocol.ReceivingApplicationExceptionHandler;
import ca.uhn.hl7v2.util.Terser;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * An EHR's HL7 port, on the port that is its argument. Prints one line of JSON for each message: what is wrong with it by
 * the definitions of v2.5.1, and what was understood. A message that is wrong is answered AE.
 */
public final class Receiver {
  private Receiver() {}

  public static void main(String[] arguments) throws Exception {
    HapiContext context = Peer.context();
    HL7Service server = context.newServer(Integer.parseInt(arguments[0]), Peer.hasTls());
    server.registerApplication(new Understand());
    server.setExceptionHandler(new SayWhatIsWrong());
    server.startAndWait();
  }

  private static final class Understand implements ReceivingApplication<Message> {
    @Override
    public boolean canProcess(Message message) {
      return true;
    }

    @Override
    public Message processMessage(Message message, Map<String, Object> metadata) throws HL7Exception {
      List<String> errors = message instanceof ORU_R01
          ? StructureCheck.errorsOf(message)
          : List.of("a message of type " + message.getName());
      print(errors, message instanceof ORU_R01 oru ? new Terser(oru).get("/MSH-10") : "", understood(message));
      try {
        return errors.isEmpty()
            ? message.generateACK()
            : message.generateACK(AcknowledgmentCode.AE, new HL7Exception(errors.get(0), ErrorCode.REQUIRED_FIELD_MISSING));
      } catch (IOException impossible) {
        throw new HL7Exception(impossible);
      }
    }
  }

  private static final class SayWhatIsWrong implements ReceivingApplicationExceptionHandler {
    @Override
    public String processException(String incoming, Map<String, Object> metadata, String outgoing, Exception reason) {
      print(List.of(String.valueOf(reason.getMessage())), "", List.of());
      return outgoing;
    }
  }

  /** Of the report its status, of each result: question, sub-id, value, status. */
  private static List<List<String>> understood(Message message) throws HL7Exception {
    List<List<String>> rows = new ArrayList<>();
    if (!(message instanceof ORU_R01 oru)) {
      return rows;
    }
    ORU_R01_ORDER_OBSERVATION order = oru.getPATIENT_RESULT().getORDER_OBSERVATION();
    rows.add(List.of(
        "OBR",
        order.getOBR().getUniversalServiceIdentifier().getText().getValueOrEmpty(),
        order.getOBR().getResultStatus().getValueOrEmpty()));
    for (ORU_R01_OBSERVATION one : order.getOBSERVATIONAll()) {
      OBX obx = one.getOBX();
      Type value = obx.getObservationValue(0).getData();
      rows.add(List.of(
          obx.getObservationIdentifier().getIdentifier().getValueOrEmpty(),
          obx.getObservationSubID().getValueOrEmpty(),
          Terser.getPrimitive(value, 1, 1).getValue() == null ? "" : Terser.getPrimitive(value, 1, 1).getValue(),
          obx.getObservationResultStatus().getValueOrEmpty()));
    }
    return rows;
  }

  private static synchronized void print(List<String> errors, String controlId, List<List<String>> rows) {
    StringBuilder json = new StringBuilder("RECEIVED {\"errors\":");
    array(json, errors);
    json.append(",\"controlId\":");
    text(json, controlId == null ? "" : controlId);
    json.append(",\"rows\":[");
    for (int n = 0; n < rows.size(); n++) {
      json.append(n == 0 ? "" : ",");
      array(json, rows.get(n));
    }
    System.out.println(json.append("]}"));
  }

  private static void array(StringBuilder json, List<String> texts) {
    json.append('[');
    for (int n = 0; n < texts.size(); n++) {
      json.append(n == 0 ? "" : ",");
      text(json, texts.get(n));
    }
    json.append(']');
  }

  private static void text(StringBuilder json, String text) {
    json.append('"');
    for (char one : text.toCharArray()) {
      if (one < 0x20 || one == '"' || one == '\\' || one > 0x7e) {
        json.append(String.format("\\u%04x", (int) one));
      } else {
        json.append(one);
      }
    }
    json.append('"');
  }
}

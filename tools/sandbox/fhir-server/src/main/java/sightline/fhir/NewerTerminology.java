package sightline.fhir;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.context.support.ValidationSupportContext;
import ca.uhn.fhir.jpa.config.JpaConfig;
import jakarta.annotation.PostConstruct;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.r4.model.CodeSystem;
import org.springframework.beans.factory.annotation.Qualifier;

/**
 * Labels for what AI influenced, which HL7 Terminology 7.x defines and the packages of FHIR R4 do not yet know: R4's own
 * code systems with these codes added, put before everything else the validator asks.
 */
class NewerTerminology implements IValidationSupport {
  private static final Map<String, Concept> ADDED =
      Map.of(
          "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
          new Concept("AIAST", "Artificial Intelligence asserted"),
          "http://terminology.hl7.org/CodeSystem/v3-ActCode",
          new Concept("PROCESSINLINELABEL", "process inline security label"));

  private final FhirContext context;
  private final ValidationSupportChain chain;
  private final DefaultProfileValidationSupport r4;
  private final Map<String, CodeSystem> systems = new ConcurrentHashMap<>();

  private record Concept(String code, String display) {}

  NewerTerminology(
      FhirContext context,
      @Qualifier(JpaConfig.JPA_VALIDATION_SUPPORT_CHAIN) IValidationSupport chain,
      DefaultProfileValidationSupport r4) {
    this.context = context;
    this.chain = (ValidationSupportChain) chain;
    this.r4 = r4;
  }

  @PostConstruct
  void addToChain() {
    chain.addValidationSupport(0, this);
  }

  @Override
  public FhirContext getFhirContext() {
    return context;
  }

  @Override
  public boolean isCodeSystemSupported(ValidationSupportContext support, String system) {
    return ADDED.containsKey(system);
  }

  /** Made when first asked for: reading R4's code systems takes seconds that a start need not spend. */
  @Override
  public CodeSystem fetchCodeSystem(String system) {
    Concept added = ADDED.get(system);
    if (added == null) {
      return null;
    }
    return systems.computeIfAbsent(
        system,
        url -> {
          CodeSystem known = (CodeSystem) r4.fetchCodeSystem(url);
          CodeSystem newer = known.copy();
          newer.addConcept().setCode(added.code()).setDisplay(added.display());
          return newer;
        });
  }
}

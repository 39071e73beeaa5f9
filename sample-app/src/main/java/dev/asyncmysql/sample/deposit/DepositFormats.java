package dev.asyncmysql.sample.deposit;

import jakarta.validation.Validator;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.dataformat.csv.CsvMapper;
import tools.jackson.dataformat.csv.CsvSchema;

import org.springframework.stereotype.Component;

/**
 * The formats in which deposits can be uploaded: one JSON object or one CSV record for
 * each line.
 */
@Component
class DepositFormats {

	private static final String COLUMNS = "reference,amount";

	private final DepositFormat json;

	private final DepositFormat csv;

	DepositFormats(JsonMapper jsonMapper, Validator validator) {
		this.json = new DepositFormat(jsonMapper.readerFor(Deposit.class), "", validator);
		CsvSchema schema = CsvSchema.builder().addColumn("reference").addColumn("amount").build();
		this.csv = new DepositFormat(new CsvMapper().readerFor(Deposit.class).with(schema), COLUMNS, validator);
	}

	DepositFormat json() {
		return this.json;
	}

	DepositFormat csv() {
		return this.csv;
	}

}

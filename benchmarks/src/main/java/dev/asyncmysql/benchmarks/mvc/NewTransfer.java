package dev.asyncmysql.benchmarks.mvc;

import java.math.BigDecimal;
import java.util.Objects;

import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.Digits;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Positive;

/**
 * The request to move money.
 *
 * @param from the account that pays
 * @param to the account that is paid
 * @param amount how much
 */
record NewTransfer(@NotNull Long from, @NotNull Long to,
		@NotNull @Positive @Digits(integer = 12, fraction = 2) BigDecimal amount) {

	@AssertTrue(message = "must name two different accounts")
	public boolean isBetweenTwoAccounts() {
		return !Objects.equals(this.from, this.to);
	}

	Transfer toTransfer() {
		return new Transfer(null, this.from, this.to, this.amount.setScale(2));
	}

}

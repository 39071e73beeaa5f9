package dev.asyncmysql.sample.account;

import java.math.BigDecimal;

import com.fasterxml.jackson.annotation.JsonIgnore;
import org.jspecify.annotations.Nullable;

import org.springframework.data.annotation.Id;
import org.springframework.data.annotation.Version;

/**
 * One row of the table {@code account}.
 *
 * @param id the key that the database chooses, {@code null} until then
 * @param version grows with each change of the row, {@code null} before the first; over
 * HTTP it is the entity tag
 * @param owner whose account it is
 * @param balance what the account holds, never negative
 */
public record Account(@Id @Nullable Long id, @JsonIgnore @Version @Nullable Long version, String owner,
		BigDecimal balance) {

	Account withOwner(String newOwner) {
		return new Account(this.id, this.version, newOwner, this.balance);
	}

}
